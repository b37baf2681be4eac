/** Entry of a thread that loads a module only to inspect it: reports its facts. The module's `setup` does not run. */
import { parentPort, workerData } from 'node:worker_threads';
import { toPlain } from '../wire/errors.ts';
import { factsOf, inspectHandlers } from './handlers.ts';
import { forbidExit } from './no-exit.ts';
import type { Inspection } from './task.ts';

forbidExit();
inspect();

async function inspect(): Promise<void> {
  const send = (result: Inspection): void => parentPort?.postMessage(result);
  try {
    const { handlers } = await inspectHandlers(workerData.inspect);
    send(factsOf(handlers));
  } catch (thrown) {
    send({ error: toPlain(thrown) });
  }
}
