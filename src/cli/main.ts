/** Runs one command of the command line and sets the exit status of the process. */
import { exitWithStatus } from './exit-with-status.ts';

/** @param args the arguments after the program's name. */
export function main(args: readonly string[]): Promise<void> {
  return exitWithStatus(runVerb(args), { hasThreads: args[0] === 'run' });
}

async function runVerb([verb, ...args]: readonly string[]): Promise<number> {
  if (verb === 'run' && !args.includes('--help') && !args.includes('-h')) {
    // A client waits for the start of `run`, so the parser and the other verbs are not loaded for it.
    const { run } = await import('./verbs/run.ts');
    return run(args);
  }
  const { runCommand } = await import('./command.ts');
  return runCommand(verb === undefined ? [] : [verb, ...args]);
}
