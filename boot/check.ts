/**
 * Ships as a program of its own, and runs before an agent is installed: loads a module on a worker thread, as an agent
 * does, and sends its facts to the parent process: ModuleFacts, or the error as plain fields. The module's `setup` does
 * not run: an agent that runs now may use the same resources.
 */
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { toPlain } from '../wire/errors.ts';
import { factsOf, inspectHandlers } from '../workers/handlers.ts';
import type { Inspection } from '../workers/task.ts';

async function check(): Promise<Inspection> {
  try {
    const { handlers } = await inspectHandlers(pathToFileURL(workerData).href);
    return factsOf(handlers);
  } catch (error) {
    return { error: toPlain(error) };
  }
}

function send(result: Inspection): void {
  process.send?.(result, () => process.exit());
}

if (isMainThread) {
  const worker = new Worker(__filename, { workerData: process.argv[2] });
  worker.once('message', send);
  worker.once('error', (error) => send({ error: toPlain(error) }));
  worker.once('exit', (status) =>
    send({ error: { name: 'Error', message: `the module's thread exited with status ${status}` } }),
  );
} else {
  check().then((result) => parentPort?.postMessage(result));
}
