/** Prevents process.exit() from ending the thread, which other requests use too. */
import { syncBuiltinESMExports } from 'node:module';
import { LaunchpoolError } from '../wire/errors.ts';

/**
 * In a worker, process.exit() ends the thread. After this call it throws instead: in a request, only that request fails;
 * elsewhere, the error is uncaught and does end the thread.
 */
export function forbidExit(): void {
  const exit = process.exit;
  process.exit = (code): never => {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_HANDLER_EXITED', `process.exit(${code ?? ''}) was called`, {
      hint: 'Return from the handler, or throw; the agent exits by itself.',
    });
  };
  // Node itself calls process.exit() to end a thread after an uncaught error.
  process.on('uncaughtExceptionMonitor', () => {
    process.exit = exit;
  });
  // For modules that import { exit } from 'node:process'.
  syncBuiltinESMExports();
}
