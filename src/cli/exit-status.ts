/** The exit status of the process: that of its command, or that of the command's error. */
import { describe, exitStatusOf } from './failure.ts';
import { asOutput } from './print.ts';

/**
 * An error that no code expects is printed as those of the command are; when the output has no reader any more, as behind
 * `head`, nothing is.
 */
export function guardProcess(): void {
  process.on('uncaughtException', (error: NodeJS.ErrnoException) => {
    // A socket may be closed too, and that is an error.
    if (error.code === 'EPIPE' && error === process.stdout.errored) process.exit(0);
    const isOfOutput = error === process.stdout.errored;
    process.stderr.write(`launchpool: ${describe(isOfOutput ? asOutput(error) : error)}\n`);
    process.exit(exitStatusOf(error));
  });
}

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
