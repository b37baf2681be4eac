/** The command line as the help shows it, and the way from parsed arguments to each verb. */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../version.ts';
import { withBareOptions } from './bare-options.ts';
import { addExitStatuses, type Done } from './commands/shared.ts';
import { printNow } from './print.ts';

const EXIT_STATUSES = {
  0: 'done',
  1: 'the agent answered with an error, or the doctor found a problem',
  64: 'wrong usage',
  65: 'bad data',
  66: 'the module cannot be loaded, or the agent is not installed',
  69: 'the agent cannot be reached, or the connection closed',
  70: 'internal error',
  71: 'launchd or systemd refused',
  73: 'a file, a socket or the output cannot be made or written',
  75: 'no reply in time',
  76: "the reply is not an agent's",
  77: 'authkey or user refused',
  78: 'wrong configuration',
} as const;

/** The verbs by the module that declares them, in the order of the help. `call` is short: it loads its group only. */
const GROUPS = [
  { verbs: ['init'], load: async () => (await import('./commands/init.ts')).addInitCommand },
  { verbs: ['dev', 'serve', 'run'], load: async () => (await import('./commands/agent.ts')).addAgentCommands },
  {
    verbs: ['install', 'upgrade', 'versions', 'rollback', 'uninstall', 'stop', 'start', 'restart'],
    load: async () => (await import('./commands/installing.ts')).addInstallingCommands,
  },
  {
    verbs: ['status', 'list', 'path', 'env', 'logs', 'doctor'],
    load: async () => (await import('./commands/installed.ts')).addInstalledCommands,
  },
  {
    verbs: ['top', 'reload', 'metrics', 'log-level'],
    load: async () => (await import('./commands/running.ts')).addRunningCommands,
  },
  { verbs: ['describe', 'call', 'repl'], load: async () => (await import('./commands/client.ts')).addClientCommands },
  { verbs: ['mcp'], load: async () => (await import('./commands/mcp.ts')).addMcpCommand },
  { verbs: ['completion'], load: async () => (await import('./commands/completion.ts')).addCompletionCommand },
] as const;

/**
 * Parses and runs one command.
 * @returns the exit status.
 */
export async function runCommand(args: readonly string[]): Promise<number> {
  let status = 0;
  const program = await createProgram((found) => {
    status = found;
  }, args[0]);
  try {
    if (args.length === 0) program.help({ error: true });
    await program.parseAsync(withBareOptions(args), { from: 'user' });
    return status;
  } catch (error) {
    // commander has printed the error already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 64;
    throw error;
  }
}

/** Columns for texts beside their terms; below that, a terminal breaks lines within words. */
const MIN_TEXT_WIDTH = 20;

/** A verb and its arguments. Its own help has the options. */
function termOf(verb: Command): string {
  const words = verb.registeredArguments.map((argument) => {
    const word = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${word}>` : `[${word}]`;
  });
  return [verb.name(), ...words].join(' ');
}

/**
 * The commands with their options and their help.
 * @param verb the first argument: only the commands of its group are made; all commands, if it is not a verb.
 */
export async function createProgram(done: Done, verb?: string): Promise<Command> {
  const program = new Command('launchpool')
    .description('On-demand local agents: a module, a socket that starts it, and a pool of threads that answers.')
    .version(packageVersion(), '--version')
    .exitOverride()
    .configureHelp({
      minWidthToWrap: MIN_TEXT_WIDTH,
      subcommandTerm: termOf,
      optionTerm: ({ flags }) => flags.replace(' [', '[='),
    })
    .configureOutput({ writeOut: (text) => printNow(1, text), writeErr: (text) => printNow(2, text) })
    .showHelpAfterError('See `launchpool help`.');
  addExitStatuses(program, EXIT_STATUSES);
  const asked = GROUPS.filter(({ verbs }) => verbs.some((name) => name === verb));
  for (const { load } of asked.length > 0 ? asked : GROUPS) (await load())(program, done);
  return program;
}
