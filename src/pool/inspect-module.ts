/** Loads a module on a thread of its own to learn its kind and its methods before the agent uses it. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { fromPlain, LaunchpoolError } from '../../wire/errors.ts';
import type { Inspection, ModuleFacts } from '../../workers/task.ts';
import type { FirstThread } from './first-thread.ts';
import { INSPECT_ENTRY } from './worker-entry.ts';

/** Time that the module may take to load. */
const TIMEOUT_MS = 60_000;

/**
 * @param first the options and limits of the thread, except for the module.
 * @param timeoutMs time that the module may take to load, in milliseconds.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED, ERR_LAUNCHPOOL_MODULE_NO_EXPORTS, ERR_LAUNCHPOOL_MODULE_BOTH_KINDS
 */
export async function inspectModule(
  moduleUrl: string,
  { options, limits }: Pick<FirstThread, 'options' | 'limits'>,
  timeoutMs: number = TIMEOUT_MS,
): Promise<ModuleFacts> {
  const workerData = { inspect: moduleUrl, codeFolder: options.codeFolder };
  const worker = new Worker(INSPECT_ENTRY, { workerData, ...(limits && { resourceLimits: limits }) });
  const waiting = new AbortController();
  const { signal } = waiting;
  const timer = setTimeout(() => waiting.abort(), timeoutMs);
  try {
    const result = await Promise.race([
      once(worker, 'message', { signal }).then(([message]) => message as Inspection),
      once(worker, 'exit', { signal }).then(([status]) => {
        throw new Error(`its thread exited with status ${status}`);
      }),
    ]);
    if (!('error' in result)) return result;
    throw Object.assign(fromPlain(result.error), { remote: false });
  } catch (cause) {
    if (cause instanceof LaunchpoolError) throw cause;
    const { message } = signal.aborted ? new Error(`not loaded within ${timeoutMs} ms`) : (cause as Error);
    throw new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NOT_LOADED', `${moduleUrl} cannot be loaded: ${message}`, {
      cause,
    });
  } finally {
    clearTimeout(timer);
    waiting.abort();
    // Neither its errors from here on nor the time that it takes to end matter.
    worker.on('error', () => undefined);
    void worker.terminate();
  }
}
