/** Ends the process without waiting for any of its threads. */
import { flushCompileCache } from 'node:module';
import { loadLibrary } from './library.ts';

/** Options of Node by which the end of the process writes files. */
const WRITES_AT_END = /(?:^|\s)--(?:(?:cpu|heap)-prof|prof|perf|trace-event)/;

/**
 * _exit(2): process.exit() waits for two kinds of threads, and may wait for ever. A worker ends when its native code
 * returns. A thread of V8 that compiles may need a garbage collection, which the main thread, as it waits, cannot run:
 * https://github.com/nodejs/node/issues/54918. A signal would wait for neither, but the supervisor takes it for a crash.
 *
 * A profile or a coverage report that Node writes at the end of the process is more important: process.exit() then.
 */
export function exitAtOnce(status: number): never {
  const { NODE_V8_COVERAGE, NODE_OPTIONS = '' } = process.env;
  if (NODE_V8_COVERAGE || WRITES_AT_END.test([...process.execArgv, NODE_OPTIONS].join(' '))) process.exit(status);
  try {
    process.emit('exit', status);
    flushCompileCache();
  } finally {
    endProcess(status);
  }
  throw new Error('_exit() has returned');
}

function endProcess(status: number): void {
  try {
    loadLibrary().func('void _exit(int status)')(status);
  } catch {
    process.exit(status);
  }
}
