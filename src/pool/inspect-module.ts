/** Loads a module on a thread of its own, which is thrown away, to know what it is before anything depends on it. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { fromPlain, LaunchpoolError } from '../../wire/errors.ts';
import type { AgentKind, Inspected } from '../../workers/task.ts';
import type { FirstThread } from './first-thread.ts';
import { INSPECT_ENTRY } from './worker-entry.ts';

/** A module that has not been loaded by then, in milliseconds, is not going to be. */
const TIMEOUT_MS = 60_000;

export type ModuleFacts = { kind: AgentKind; methods: readonly string[] };

/**
 * @param first what the thread is told beside the module, and what it may have.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED, ERR_LAUNCHPOOL_MODULE_NO_EXPORTS, ERR_LAUNCHPOOL_MODULE_BOTH_KINDS
 */
export async function inspectModule(
  moduleUrl: string,
  { options, limits }: Pick<FirstThread, 'options' | 'limits'>,
  timeoutMs: number = TIMEOUT_MS,
): Promise<ModuleFacts> {
  const workerData = { inspect: moduleUrl, codeFolder: options.codeFolder };
  const worker = new Worker(INSPECT_ENTRY, { workerData, ...(limits && { resourceLimits: limits }) });
  const over = new AbortController();
  const late = setTimeout(() => over.abort(), timeoutMs);
  try {
    const said = await Promise.race([
      once(worker, 'message', { signal: over.signal }).then(([message]) => message as Inspected),
      once(worker, 'exit', { signal: over.signal }).then(([status]) => {
        throw new Error(`it ended its thread, with ${status}`);
      }),
    ]);
    if (!('error' in said)) return said;
    throw Object.assign(fromPlain(said.error), { remote: false });
  } catch (cause) {
    if (cause instanceof LaunchpoolError) throw cause;
    const { message } = over.signal.aborted ? new Error('it does not come to an end') : (cause as Error);
    throw new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NOT_LOADED', `${moduleUrl} cannot be loaded: ${message}`, {
      cause,
    });
  } finally {
    clearTimeout(late);
    over.abort();
    // What it says while it is thrown away is of no interest, nor how long that takes.
    worker.on('error', () => undefined);
    void worker.terminate();
  }
}
