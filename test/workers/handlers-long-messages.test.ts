/** What a raw agent says of long messages, and what that means for its handler. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { type Handlers, loadHandlers } from '../../workers/handlers.ts';
import { rawRunner } from '../../workers/run-raw.ts';
import { tempDir } from '../helpers/temp-dir.ts';

async function load(t: ExecutionContext, source: string): Promise<Handlers> {
  const path = join(await tempDir(t), 'agent.mjs');
  await writeFile(path, source);
  return loadHandlers(pathToFileURL(path).href);
}

const RAW = 'export default (message) => message;';

test('long messages are copied, unless the module says that they are borrowed', async (t) => {
  const borrows = async (source: string): Promise<unknown> => ({ ...(await load(t, source)) });
  t.like(await borrows(RAW), { kind: 'raw', borrows: false });
  t.like(await borrows(`${RAW} export const longMessages = 'copied';`), { kind: 'raw', borrows: false });
  t.like(await borrows(`${RAW} export const longMessages = 'borrowed';`), { kind: 'raw', borrows: true });
});

for (const value of ["'shared'", 'true', '() => 1', '1n']) {
  test(`longMessages = ${value} is refused with what it may be`, async (t) => {
    const error = await t.throwsAsync(load(t, `${RAW} export const longMessages = ${value};`));
    t.like(error, { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED', hint: "It is 'copied' or 'borrowed'." });
  });
}

test('it is no method', async (t) => {
  const handlers = await load(t, 'export const longMessages = () => 1; export const hello = () => 2;');
  t.deepEqual(handlers.kind === 'rpc' && [...handlers.methods.keys()], ['hello']);
});

test('the handler gets the memory itself only if it borrows, and the memory is lent', (t) => {
  const memory = Buffer.from(new SharedArrayBuffer(10));
  const same = (borrows: boolean, lent: boolean): boolean => {
    let got: Uint8Array | undefined;
    const runner = rawRunner((message) => {
      got = message;
      return message;
    }, borrows);
    runner.run(memory, 2, 5, lent);
    t.is(got?.length, 3);
    return got?.buffer === memory.buffer && got.byteOffset === 2;
  };
  t.deepEqual([same(true, true), same(true, false), same(false, true)], [true, false, false]);
});
