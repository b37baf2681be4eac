/** The verbs that call an agent, or print what can be called: describe, call, repl. */
import type { Command } from 'commander';
import { CALL_TABLE, CLIENT_TABLE, DESCRIBE_TABLE } from '../../options/client-table.ts';
import { addVerb, CLIENT_TARGET_HELP, type Done } from './shared.ts';

export function addClientCommands(program: Command, done: Done): void {
  addVerb(program, 'describe', DESCRIBE_TABLE)
    .description(
      'Prints the signatures and comments of the methods; of one method with examples of calls. Starts no process for a\n' +
        'label; at the path of a socket, the running agent is asked. --json prints an OpenRPC document.',
    )
    .argument('<target>', CLIENT_TARGET_HELP)
    .argument('[method]', 'the only method to print, with examples')
    .action(async (target, method, flags) => {
      const { describeVerb } = await import('../verbs/describe.ts');
      done(await describeVerb(target, method, flags));
    });

  addVerb(program, 'call', CALL_TABLE, CLIENT_TABLE)
    .description(
      'Calls a method and prints its result as JSON. Each argument is JSON; "-" is the JSON value on standard input,\n' +
        '"@FILE" the text of a file, and "@-" the text on standard input.\n' +
        'With --raw, sends the argument, or standard input, as it is, and writes the reply as it is.\n' +
        'With --later, a durable service on NATS stores the call; --result ID prints what has become of it.',
    )
    .argument('<target>', CLIENT_TARGET_HELP)
    .argument('[words...]', 'the method and its arguments')
    .addHelpText(
      'after',
      `\nExamples:\n  launchpool call com.example.rot13 rot13 '"Hello"'\n  launchpool call com.example.format format @messy.ts -r`,
    )
    .action(async (target, words, flags) => {
      if (words.length === 0 && !flags.raw && !flags.later && flags.result === undefined) {
        const { callWithoutMethod } = await import('../verbs/call-without-method.ts');
        return done(await callWithoutMethod(target, flags));
      }
      const { call } = await import('../verbs/call.ts');
      done(await call(target, words, flags));
    });

  addVerb(program, 'repl', CLIENT_TABLE)
    .description(
      'Reads lines of a method and its arguments, calls, and prints. An argument that is not JSON is text.\n' +
        'With --raw, sends each line as it is and prints the reply as text.',
    )
    .argument('<target>', CLIENT_TARGET_HELP)
    .action(async (target, flags) => {
      const { repl } = await import('../verbs/repl.ts');
      done(await repl(target, flags));
    });
}
