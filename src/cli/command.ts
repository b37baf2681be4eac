/** The verbs as the help shows them, and the way from parsed arguments to each. */
import { Command, CommanderError } from 'commander';
import { AGENT_FLAGS } from './agent-flags.ts';

const EXIT_STATUSES = `
Exit status: 0 done · 1 the agent answered with an error · 64 wrong usage · 65 bad data
66 the module cannot be loaded · 69 nobody reached, or the connection closed · 70 internal error
71 launchd refused · 73 the socket cannot be made · 75 no reply in time · 76 no agent's reply
77 authkey refused · 78 wrong configuration`;

/**
 * Parses and runs one command.
 * @returns the exit status.
 */
export async function runCommand(args: readonly string[]): Promise<number> {
  let status = 0;
  const program = new Command('launchpool')
    .description('On-demand local agents: a module, a socket that starts it, a pool of threads that answers.')
    .version(await version(), '--version')
    .exitOverride()
    .showHelpAfterError('See `launchpool help`.')
    .addHelpText('after', EXIT_STATUSES);

  addAgentFlags(
    program
      .command('dev')
      .summary('hold a socket and start the agent on demand, in the foreground')
      .description(
        'Holds a socket in the foreground, starts the agent on the first connection, and again after a change.',
      )
      .argument('<module>', 'the module whose exported functions are to be called')
      .option('--socket <PATH>', "where to listen (default: a path of the module's own, which is printed)"),
  ).action(async (module, options) => {
    const { dev } = await import('./verbs/dev.ts');
    status = await dev(module, options);
  });

  addAgentFlags(
    program
      .command('run')
      .summary('be the agent; for supervisors')
      .description('The agent itself, as launchd, systemd or `launchpool dev` starts it with a socket. Not for shells.')
      .argument('<module>', 'the module whose exported functions are to be called')
      .option('--socket <PATH>', 'the path of the socket that was handed over')
      .option('--label <LABEL>', 'the label under which launchd knows this agent'),
  );

  addClientFlags(
    program
      .command('call')
      .summary('call a method and print its result')
      .description(
        'Calls a method and prints its result as JSON. Each argument is JSON; "-" is the JSON value on standard input.\n' +
          'With --raw, sends the argument, or standard input, as it stands, and writes the reply as it comes.',
      )
      .argument('<target>', "an agent's label, or the path of its socket")
      .argument('[words...]', 'the method and its arguments')
      .option('--params <JSON>', 'all arguments at once: an array, an object, or "-" for standard input')
      .option('--timeout <SECONDS>', 'how long to wait for the reply (default: for ever)')
      .option('--json', 'print one JSON object with a result or an error')
      .addHelpText('after', `\nExample: launchpool call com.example.rot13 rot13 '"Hello"'`),
  ).action(async (target, words, options) => {
    const { call } = await import('./verbs/call.ts');
    status = await call(target, words, options);
  });

  addClientFlags(
    program
      .command('repl')
      .summary('call an agent line by line')
      .description(
        'Reads lines of a method and its arguments, calls, and prints. An argument that is no JSON is taken as text.\n' +
          'With --raw, each line is sent as it stands and the reply is printed as text.',
      )
      .argument('<target>', "an agent's label, or the path of its socket"),
  ).action(async (target, options) => {
    const { repl } = await import('./verbs/repl.ts');
    status = await repl(target, options);
  });

  try {
    if (args.length === 0) program.help({ error: true });
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    // commander has said already what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 64;
    throw error;
  }
}

function addAgentFlags(command: Command): Command {
  for (const [name, { value, help }] of Object.entries(AGENT_FLAGS)) {
    if (value !== undefined) command.option(`--${name} <${value}>`, help);
    // commander would store --no-md5 as `md5: false`; the flag's own name is what the table knows.
    else command.option(`--${name}`, help);
  }
  return command;
}

function addClientFlags(command: Command): Command {
  return command
    .option('--raw', 'the agent is a raw one: bytes in, bytes out')
    .option('--authkey-file <FILE>', 'the key that the agent asks for')
    .option('--no-md5', 'refuse HMAC-MD5 in the authkey handshake');
}

async function version(): Promise<string> {
  const { createRequire } = await import('node:module');
  // A package may refer to itself by its name, wherever its built files are.
  return createRequire(import.meta.url)('launchpool/package.json').version;
}
