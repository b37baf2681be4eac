/** Prints the result of a verb on standard output. */
import { writeSync } from 'node:fs';

const STDOUT = 1;

/**
 * Resolves when the system has taken everything. The stream of standard output has modules to load, which a shell would wait
 * for; so it gets only what the system does not take at once, as from a pipe that is full and does not block, and the errors.
 */
export async function print(output: string | Uint8Array): Promise<void> {
  let rest = typeof output === 'string' ? Buffer.from(output) : output;
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(STDOUT, rest));
  } catch {
    await new Promise<unknown>((resolve) => process.stdout.write(rest, resolve));
  }
}
