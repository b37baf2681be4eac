/** The exit status of the process: that of its command, or that of the command's error. */
import { describe, exitStatusOf } from './failure.ts';

/** Prints an error of the command. @returns the status, which the process has when it ends by itself. */
export async function setExitStatus(status: Promise<number>): Promise<number> {
  try {
    process.exitCode = await status;
  } catch (error) {
    process.stderr.write(`launchpool: ${describe(error)}\n`);
    process.exitCode = exitStatusOf(error);
  }
  return process.exitCode;
}
