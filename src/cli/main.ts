/** The command line: arguments → verb → exit status. */
import { endWith } from './end-with.ts';

/**
 * Runs one command and sets the exit status of the process.
 * @param args what stands behind the program's name.
 */
export function main(args: readonly string[]): Promise<void> {
  return endWith(statusOf(args), { hasThreads: args[0] === 'run' });
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
