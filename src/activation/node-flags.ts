/** Flags of Node for an agent's process. */

/**
 * The command line of an agent is `[process.execPath, ...NODE_FLAGS, program, 'run', module]`.
 *
 * V8 keeps the young generation of each thread in three semi-spaces of up to 16 MiB, which do not shrink. With two
 * threads, they exceed all other memory of an agent after much work. A limit of 4 MiB takes a third off the memory
 * under load at the same speed (https://nodejs.org/api/cli.html#--max-semi-space-sizesize-in-mib). Threads inherit it
 * from their process.
 */
export const NODE_FLAGS: readonly string[] = ['--max-semi-space-size=4'];
