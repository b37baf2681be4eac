/**
 * Loads a module on a worker thread, as an agent would, and tells the parent process what it is: `{ kind, methods }`, or
 * the error as plain fields. Its `setup` does not run: what it wants to have, the agent that is running now may have.
 */
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { toPlain } from '../wire/errors.ts';
import { inspectHandlers } from '../workers/handlers.ts';

async function check(): Promise<void> {
  const { handlers } = await inspectHandlers(pathToFileURL(workerData).href);
  parentPort?.postMessage({
    kind: handlers.kind,
    methods: handlers.kind === 'rpc' ? [...handlers.methods.keys()] : [],
  });
}

function tell(message: unknown): void {
  process.send?.(message, () => process.exit());
}

if (isMainThread) {
  const worker = new Worker(__filename, { workerData: process.argv[2] });
  worker.once('message', tell);
  worker.once('error', (error) => tell({ error: toPlain(error) }));
  worker.once('exit', (status) => tell({ error: { name: 'Error', message: `it ended its thread, with ${status}` } }));
} else {
  check().catch((error: unknown) => parentPort?.postMessage({ error: toPlain(error) }));
}
