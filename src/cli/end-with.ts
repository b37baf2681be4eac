/** How the process ends: with the status of its command, or with the error in words. */
import { describe, exitStatusOf } from './failure.ts';

/** @param hasThreads whether threads may be in the middle of anything; nothing of it is owed to anybody any more. */
export async function endWith(status: Promise<number>, { hasThreads }: { hasThreads: boolean }): Promise<void> {
  try {
    process.exitCode = await status;
  } catch (error) {
    process.stderr.write(`launchpool: ${describe(error)}\n`);
    process.exitCode = exitStatusOf(error);
  }
  if (hasThreads) process.exit();
}
