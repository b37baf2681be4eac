/** Ends the process with the exit status of its command, or prints the command's error. */
import { describe, exitStatusOf } from './failure.ts';

/** @param hasThreads whether worker threads may still run; the process exits without waiting for them. */
export async function exitWithStatus(status: Promise<number>, { hasThreads }: { hasThreads: boolean }): Promise<void> {
  try {
    process.exitCode = await status;
  } catch (error) {
    process.stderr.write(`launchpool: ${describe(error)}\n`);
    process.exitCode = exitStatusOf(error);
  }
  if (hasThreads) process.exit();
}
