/** The command line: arguments → verb → exit status. */
import { describe, exitStatusOf } from './failure.ts';

/**
 * Runs one command and sets the exit status of the process.
 * @param args what stands behind the program's name.
 */
export async function main(args: readonly string[]): Promise<void> {
  try {
    process.exitCode = await statusOf(args);
  } catch (error) {
    process.stderr.write(`launchpool: ${describe(error)}\n`);
    process.exitCode = exitStatusOf(error);
  }
  // An agent's worker threads may be in the middle of anything, and nothing of it is owed to anybody any more.
  if (args[0] === 'run') process.exit();
}

async function statusOf([verb, ...args]: readonly string[]): Promise<number> {
  if (verb === 'run' && !args.includes('--help') && !args.includes('-h')) {
    // The one verb whose start somebody is waiting for: the parser and the other verbs stay unloaded.
    const { run } = await import('./verbs/run.ts');
    return run(args);
  }
  const { runCommand } = await import('./command.ts');
  return runCommand(verb === undefined ? [] : [verb, ...args]);
}
