/** The verbs that call an agent: call, repl. */
import type { Command } from 'commander';
import { addClientFlags, type Done, JSON_HELP, TARGET_HELP } from './shared.ts';

export function addClientCommands(program: Command, done: Done): void {
  addClientFlags(
    program
      .command('call')
      .summary('call a method and print its result')
      .description(
        'Calls a method and prints its result as JSON. Each argument is JSON; "-" is the JSON value on standard input.\n' +
          'With --raw, sends the argument, or standard input, as it stands, and writes the reply as it comes.',
      )
      .argument('<target>', TARGET_HELP)
      .argument('[words...]', 'the method and its arguments')
      .option('--params <JSON>', 'all arguments at once: an array, an object, or "-" for standard input')
      .option('--timeout <SECONDS>', 'how long to wait for the reply (default: for ever)')
      .option('--json', JSON_HELP)
      .addHelpText('after', `\nExample: launchpool call com.example.rot13 rot13 '"Hello"'`),
  ).action(async (target, words, options) => {
    const { call } = await import('../verbs/call.ts');
    done(await call(target, words, options));
  });

  addClientFlags(
    program
      .command('repl')
      .summary('call an agent line by line')
      .description(
        'Reads lines of a method and its arguments, calls, and prints. An argument that is no JSON is taken as text.\n' +
          'With --raw, each line is sent as it stands and the reply is printed as text.',
      )
      .argument('<target>', TARGET_HELP),
  ).action(async (target, options) => {
    const { repl } = await import('../verbs/repl.ts');
    done(await repl(target, options));
  });
}
