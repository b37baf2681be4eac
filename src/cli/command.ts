/** The command line as the help shows it, and the way from parsed arguments to each verb. */
import { Command, CommanderError } from 'commander';
import { packageVersion } from '../version.ts';
import { addAgentCommands } from './commands/agent.ts';
import { addClientCommands } from './commands/client.ts';
import { addInitCommand } from './commands/init.ts';
import { addInstalledCommands } from './commands/installed.ts';
import { addRunningCommands } from './commands/running.ts';

const EXIT_STATUSES = `
Exit status: 0 done · 1 the agent answered with an error, or the doctor found one · 64 wrong usage · 65 bad data
66 the module cannot be loaded, or nothing is installed · 69 nobody reached, or the connection closed
70 internal error · 71 launchd or systemd refused · 73 a file or a socket cannot be made · 75 no reply in time
76 no agent's reply · 77 authkey refused · 78 wrong configuration`;

/**
 * Parses and runs one command.
 * @returns the exit status.
 */
export async function runCommand(args: readonly string[]): Promise<number> {
  let status = 0;
  const done = (found: number): void => {
    status = found;
  };
  const program = new Command('launchpool')
    .description('On-demand local agents: a module, a socket that starts it, a pool of threads that answers.')
    .version(packageVersion(), '--version')
    .exitOverride()
    .showHelpAfterError('See `launchpool help`.')
    .addHelpText('after', EXIT_STATUSES);
  addInitCommand(program, done);
  addAgentCommands(program, done);
  addInstalledCommands(program, done);
  addRunningCommands(program, done);
  addClientCommands(program, done);

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
