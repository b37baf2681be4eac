/**
 * Ships as a program of its own, and runs before an agent is installed: loads a module on a worker thread, as an agent
 * does, completes its `setup` and its `teardown`, and sends its facts to the parent process: ModuleFacts, or the error as plain fields; and
 * what the module has looked for. A second argument, `import`, leaves out the `setup` and the record of that.
 */
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { toPlain } from '../wire/errors.ts';
import { recordUses } from '../workers/checked-uses.ts';
import { factsOf, importHandlers, type Method, type RpcHandlers } from '../workers/handlers.ts';
import { ownSchemasOf } from '../workers/own-schemas.ts';
import type { Inspection, MethodForm, MethodForms } from '../workers/task.ts';

const MAX_TEARDOWN_MS = 1_000;

async function check(): Promise<Inspection> {
  const { program, module, isImportOnly } = workerData;
  // This program is in the folder `runtime` of the version.
  const endRecord = isImportOnly ? undefined : recordUses(dirname(dirname(program)));
  const result = await inspect(module, isImportOnly);
  return endRecord === undefined ? result : { ...result, uses: endRecord() };
}

async function inspect(module: string, isImportOnly: boolean): Promise<Inspection> {
  try {
    const { handlers, setUp, tearDown } = await importHandlers(pathToFileURL(module).href);
    if (!isImportOnly) {
      await setUp();
      await inTime(tearDown());
    }
    return { ...factsOf(handlers), ...(handlers.kind === 'rpc' && { forms: formsOf(handlers) }) };
  } catch (error) {
    return { error: toPlain(error) };
  }
}

function formsOf({ exported, methods }: RpcHandlers): MethodForms {
  return [...methods].map((name) => formOf(exported[name] as Method));
}

function formOf(method: Method): MethodForm {
  const schemas = ownSchemasOf(method);
  return { arity: method.length, ...(schemas && { schemas }) };
}

/** A `teardown` that fails or hangs is no reason to refuse a module. */
async function inTime(teardown: Promise<void>): Promise<void> {
  await Promise.race([teardown.catch(() => undefined), wait(MAX_TEARDOWN_MS)]);
}

function send(result: Inspection): void {
  // The parent ends the process, whatever the module has left open.
  process.send?.(result);
}

if (isMainThread) {
  // The parent has ended without waiting, for example at a Ctrl+C. The group of this process has the module's processes.
  process.once('disconnect', () => process.kill(-process.pid, 'SIGKILL'));
  const [, , module, extent] = process.argv;
  // The path of this file, in the bundle and in the sources.
  const [, file = ''] = process.argv;
  const worker = new Worker(file, { workerData: { program: file, module, isImportOnly: extent === 'import' } });
  worker.once('message', send);
  worker.once('error', (error) => send({ error: toPlain(error) }));
  worker.once('exit', (status) =>
    send({ error: { name: 'Error', message: `the module's thread exited with status ${status}` } }),
  );
} else {
  check().then((result) => parentPort?.postMessage(result));
}
