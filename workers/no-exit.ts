/** Keeps process.exit() from ending the thread under the requests of others. */
import { syncBuiltinESMExports } from 'node:module';
import { LaunchpoolError } from '../wire/errors.ts';

/**
 * In a worker, process.exit() ends the thread. Here it throws instead, so that it costs the request that has called it
 * and no other; outside of a request it is an uncaught error, which does end the thread.
 */
export function forbidExit(): void {
  const exit = process.exit;
  process.exit = (code): never => {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_HANDLER_EXITED', `process.exit(${code ?? ''}) was called`, {
      hint: 'An agent leaves by itself; a handler returns or throws.',
    });
  };
  // Node itself calls process.exit() to end a thread after an uncaught error.
  process.on('uncaughtExceptionMonitor', () => {
    process.exit = exit;
  });
  // For those who import { exit } from 'node:process'.
  syncBuiltinESMExports();
}
