/** Prints the result of a verb on standard output. */
import { writeSync } from 'node:fs';

const STDOUT = 1;

/**
 * Resolves when the system has taken everything. The stream of standard output has modules to load, which a shell would wait
 * for; so it gets only what the system does not take at once, as from a pipe that is full and does not block.
 * @returns false if nothing reads the output any more, as behind `head`.
 * @throws the error of the system, such as a full disk
 */
export async function print(output: string | Uint8Array): Promise<boolean> {
  let rest = typeof output === 'string' ? Buffer.from(output) : output;
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(STDOUT, rest));
    return true;
  } catch (error) {
    if (!isFull(error)) return isRead(asOutput(error));
  }
  // The callback reports the same error.
  if (process.stdout.listenerCount('error') === 0) process.stdout.on('error', () => undefined);
  const error = await new Promise<unknown>((resolve) => process.stdout.write(rest, resolve));
  return error === null || error === undefined || isRead(asOutput(error));
}

/**
 * As `print`, at once: for the text of the help. What a full pipe does not take goes to the stream.
 * @throws the error of the system, such as a full disk
 */
export function printNow(fd: number, text: string): void {
  let rest = Buffer.from(text);
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(fd, rest));
  } catch (error) {
    if (isFull(error)) (fd === STDOUT ? process.stdout : process.stderr).on('error', () => undefined).write(rest);
    else isRead(asOutput(error));
  }
}

/** Tells the error of an output from that of a file, which the system does not. */
export function asOutput(error: unknown): unknown {
  return Object.assign(Object(error), { isOfOutput: true });
}

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException).code;

function isFull(error: unknown): boolean {
  return codeOf(error) === 'EAGAIN';
}

/** @throws an error other than that of a closed pipe */
function isRead(error: unknown): boolean {
  if (codeOf(error) === 'EPIPE') return false;
  throw error;
}
