/** The command line as the help shows it, and the way from parsed arguments to each verb. */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../version.ts';
import { addAgentCommands } from './commands/agent.ts';
import { addClientCommands } from './commands/client.ts';
import { addInitCommand } from './commands/init.ts';
import { addInstalledCommands } from './commands/installed.ts';
import { addRunningCommands } from './commands/running.ts';
import type { Done } from './commands/shared.ts';

const EXIT_STATUSES = `
Exit status: 0 done · 1 the agent answered with an error, or the doctor found a problem · 64 wrong usage · 65 bad data
66 the module cannot be loaded, or the agent is not installed · 69 the agent cannot be reached, or the connection closed
70 internal error · 71 launchd or systemd refused · 73 a file or a socket cannot be created · 75 no reply in time
76 the reply is not an agent's · 77 authkey refused · 78 wrong configuration`;

/**
 * Parses and runs one command.
 * @returns the exit status.
 */
export async function runCommand(args: readonly string[]): Promise<number> {
  let status = 0;
  const program = createProgram((found) => {
    status = found;
  });
  try {
    if (args.length === 0) program.help({ error: true });
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    // commander has printed the error already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 64;
    throw error;
  }
}

/** Every command, with its options and its help. */
export function createProgram(done: Done): Command {
  const program = new Command('launchpool')
    .description('On-demand local agents: a module, a socket that starts it, and a pool of threads that answers.')
    .version(packageVersion(), '--version')
    .exitOverride()
    .showHelpAfterError('See `launchpool help`.')
    .addHelpText('after', EXIT_STATUSES);
  addInitCommand(program, done);
  addAgentCommands(program, done);
  addInstalledCommands(program, done);
  addRunningCommands(program, done);
  addClientCommands(program, done);
  return program;
}
