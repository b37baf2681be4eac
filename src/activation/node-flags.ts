/** What Node is told about an agent before its program. */

/**
 * For the command line of an agent: `[process.execPath, ...NODE_FLAGS, program, 'run', module]`.
 *
 * What a thread has made last, V8 keeps in three parts of up to 16 MiB, which stay once they have grown: with two workers
 * these are more than all else that an agent takes after much work. With 4 MiB it is a third less under load, and as
 * fast (https://nodejs.org/api/cli.html#--max-semi-space-sizesize-in-mib). Threads have it from their process.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=4'];
