/** The command line: arguments → verb → exit status. */
import { factsOf, LaunchpoolError, toPlain } from '../../wire/errors.ts';

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

/** The error for people: what has happened, and what to do. */
export function describe(error: unknown): string {
  const { message, code, hint, stack } = toPlain(error, { stack: !(error instanceof LaunchpoolError) });
  const text = stack ?? `${message}${code === undefined ? '' : ` (${code})`}`;
  return hint === undefined ? text : `${text}\n  ${hint}`;
}

/** 1 for what an agent has answered, else sysexits(3); 70 is what launchpool itself has got wrong. */
export function exitStatusOf(error: unknown): number {
  if (!(error instanceof LaunchpoolError)) return 70;
  if (error.remote) return 1;
  return factsOf(error.code)?.exit ?? 1;
}
