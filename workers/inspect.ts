/** A thread that loads a module for a look at it, says what it is, and is thrown away. Its `setup` does not run. */
import { parentPort, workerData } from 'node:worker_threads';
import { toPlain } from '../wire/errors.ts';
import { inspectHandlers } from './handlers.ts';
import { forbidExit } from './no-exit.ts';
import type { Inspected } from './task.ts';

forbidExit();
inspect();

async function inspect(): Promise<void> {
  const tell = (said: Inspected): void => parentPort?.postMessage(said);
  try {
    const { handlers } = await inspectHandlers(workerData.inspect);
    tell({ kind: handlers.kind, methods: handlers.kind === 'rpc' ? [...handlers.methods.keys()] : [] });
  } catch (thrown) {
    tell({ error: toPlain(thrown) });
  }
}
