/** The export `longMessages` of a raw agent, and its effect on the handler. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { type Handlers, importHandlers } from '../../workers/handlers.ts';
import { rawRunner } from '../../workers/run-raw.ts';
import { tempDir } from '../helpers/temp-dir.ts';

async function loadHandlers(url: string): Promise<Handlers> {
  const { handlers, setUp } = await importHandlers(url);
  await setUp();
  return handlers;
}

async function load(t: ExecutionContext, source: string): Promise<Handlers> {
  const path = join(await tempDir(t), 'agent.mjs');
  await writeFile(path, source);
  return loadHandlers(pathToFileURL(path).href);
}

const RAW = 'export default (message) => message;';

test('long messages are copied unless the module exports that they are borrowed', async (t) => {
  const borrows = async (source: string): Promise<unknown> => ({ ...(await load(t, source)) });
  t.like(await borrows(RAW), { kind: 'raw', borrows: false });
  t.like(await borrows(`${RAW} export const longMessages = 'copied';`), { kind: 'raw', borrows: false });
  t.like(await borrows(`${RAW} export const longMessages = 'borrowed';`), { kind: 'raw', borrows: true });
});

for (const value of ["'shared'", 'true', '() => 1', '1n']) {
  test(`longMessages = ${value} is refused with the valid values`, async (t) => {
    const error = await t.throwsAsync(load(t, `${RAW} export const longMessages = ${value};`));
    t.like(error, { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED', hint: "Export 'copied' or 'borrowed'." });
  });
}

test('longMessages is never a method', async (t) => {
  const handlers = await load(t, 'export const longMessages = () => 1; export const hello = () => 2;');
  t.deepEqual(handlers.kind === 'rpc' && [...handlers.methods.keys()], ['hello']);
});

test('the handler gets the memory itself only if its module borrows and the message may be borrowed', (t) => {
  const memory = Buffer.from(new SharedArrayBuffer(10));
  const isSame = (borrows: boolean, mayBorrow: boolean): boolean => {
    let received: Uint8Array | undefined;
    const runner = rawRunner(
      (message) => {
        received = message;
        return message;
      },
      { borrows, maxReplyBytes: 64 },
    );
    runner.run(memory, 2, 5, mayBorrow);
    t.is(received?.length, 3);
    return received?.buffer === memory.buffer && received.byteOffset === 2;
  };
  t.deepEqual([isSame(true, true), isSame(true, false), isSame(false, true)], [true, false, false]);
});
