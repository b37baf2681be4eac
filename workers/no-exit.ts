/** Prevents a handler from ending the thread, or its messages, which other requests use too. */
import { syncBuiltinESMExports } from 'node:module';
import { parentPort } from 'node:worker_threads';
import { LaunchpoolError } from '../wire/errors.ts';

type Exit = (this: typeof process, ...args: never[]) => unknown;
type Exits = { exit: Exit; reallyExit: Exit; _exiting?: boolean };

/**
 * In a worker, process.exit() and process.reallyExit() end the thread. After this call they throw instead: in a request,
 * only that request fails; elsewhere, the error is uncaught and does end the thread.
 */
export function forbidExit(): void {
  const exits = process as unknown as Exits;
  for (const name of ['exit', 'reallyExit'] as const) {
    const original = exits[name];
    exits[name] = function (...args) {
      // Node itself ends a thread so after an error that no listener has handled, and has set this by then:
      // https://github.com/nodejs/node/blob/main/lib/internal/main/worker_thread.js, workerOnGlobalUncaughtException.
      if (exits._exiting === true) return Reflect.apply(original, this, args);
      throw exited(`process.${name}(${args[0] ?? ''})`);
    };
  }
  // For modules that import { exit } from 'node:process'.
  syncBuiltinESMExports();
  // It would end the way on which replies leave the thread, and not the thread.
  if (parentPort === null) return;
  const close = (): never => {
    throw exited('parentPort.close()');
  };
  Object.defineProperty(parentPort, 'close', { value: close, configurable: true, writable: true });
}

function exited(call: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_HANDLER_EXITED', `${call} was called`, {
    hint: 'Return from the handler, or throw; the agent exits by itself.',
  });
}
