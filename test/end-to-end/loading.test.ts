/** What clients see while a module loads, cannot be loaded, or is of another kind than its version says. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connectRaw } from '../../src/client/index.ts';
import { connectRpc } from '../../src/client/rpc.ts';
import { writeModuleFile } from '../../src/module/module-file.ts';
import type { ModuleFacts } from '../../workers/task.ts';
import { activate } from '../helpers/activator.ts';
import { ENTRY, holdAgent, type TestAgent } from '../helpers/agent.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

type Module = { path: string; folder: string };

/** A module in a folder of its own, with the file that says what it offers if `facts` is given. */
async function moduleOf(t: ExecutionContext, source: string, facts?: ModuleFacts): Promise<Module> {
  const folder = await tempDir(t);
  const path = join(folder, 'app', 'agent.mjs');
  await mkdir(join(folder, 'app'));
  await writeFile(path, source);
  if (facts !== undefined) writeModuleFile(folder, join('app', 'agent.mjs'), facts);
  return { path, folder };
}

const RPC: ModuleFacts = { kind: 'rpc', methods: ['hello', 'ran'] };

/** Its setup waits until the file `open` exists in its folder; `ran` says which calls have run. */
const GATED = `
  import { existsSync, readFileSync } from 'node:fs';
  import { setTimeout as wait } from 'node:timers/promises';
  const calls = [];
  export async function setup() {
    while (!existsSync(new URL('../open', import.meta.url))) await wait(5);
  }
  export const hello = (name) => (calls.push(name), name);
  export const ran = () => calls;`;

const open = (folder: string): Promise<void> => writeFile(join(folder, 'open'), '');

async function ask(held: TestAgent, method: string): Promise<{ requests: number; waiting: number; state: string }> {
  const control = await connectRpc(held.controlPath);
  try {
    return (await control.call(method, [])) as { requests: number; waiting: number; state: string };
  } finally {
    control.close();
  }
}

for (const [what, facts] of [
  ['with a module file', RPC],
  ['without a module file', undefined],
] as const) {
  test(`${what}: deadlines and cancellations work while the setup runs, and what they ended does not run`, async (t) => {
    const { path, folder } = await moduleOf(t, GATED, facts);
    const held = await holdAgent(t, path, ['--queue-timeout', '1', '--threads', '1']);
    const client = await connectRpc(held.socketPath);
    const cancelling = new AbortController();
    const calls = Promise.allSettled([
      client.call('hello', ['cancelled'], { signal: cancelling.signal }),
      client.call('hello', ['timed out'], { timeoutMs: 50 }),
      client.call('hello', ['queued too long']),
    ]);
    cancelling.abort();
    const codes = (await calls).map((call) => (call.status === 'rejected' ? call.reason.code : call.value));
    t.regex(String(codes[1]), /TIMEOUT/);
    t.is(codes[2], 'ERR_LAUNCHPOOL_QUEUE_TIMEOUT');
    t.not(codes[0], 'cancelled');
    const { counters } = (await ask(held, 'status')) as unknown as { counters: Record<string, number> };
    t.true((counters.cancelled ?? 0) >= 1);
    t.is(counters.runTimeouts, 0);
    await open(folder);
    // The setup may end later than the queue timeout of the first such call.
    const ran = (): Promise<unknown> => client.call('ran', []).catch(({ code }) => code);
    let found = await ran();
    while (found === 'ERR_LAUNCHPOOL_QUEUE_TIMEOUT') found = await ran();
    t.deepEqual(found, []);
    client.close();
  });
}

test('an agent does not leave as idle while its module loads', async (t) => {
  const { path, folder } = await moduleOf(t, GATED, RPC);
  const held = await holdAgent(t, path, ['--idle', '0.05']);
  const client = await connectRpc(held.socketPath);
  const call = client.call('hello', ['anna']);
  await until(async () => (await ask(held, 'status')).requests === 1);
  // Several times the idle time.
  await new Promise((resolve) => setTimeout(resolve, 300));
  await open(folder);
  t.is(await call, 'anna');
  t.is(held.events.filter(({ event }) => event === 'started').length, 1);
  client.close();
});

test('a setup that never ends: its callers get the error of the load timeout', async (t) => {
  const { path } = await moduleOf(t, `${GATED} `, RPC);
  const held = await holdAgent(t, path, ['--load-timeout', '0.3']);
  const client = await connectRpc(held.socketPath);
  await t.throwsAsync(client.call('hello', ['anna']), { code: 'ERR_LAUNCHPOOL_LOAD_TIMEOUT' });
  client.close();
});

test('a setup that fails once is tried again while requests come, and the agent recovers', async (t) => {
  const source = `
    import { existsSync, writeFileSync } from 'node:fs';
    const tried = new URL('../tried', import.meta.url);
    export function setup() {
      if (existsSync(tried)) return;
      writeFileSync(tried, '');
      throw new Error('the database is not up');
    }
    export const hello = (name) => name;
    export const ran = () => [];`;
  const { path } = await moduleOf(t, source, RPC);
  // A broken agent would leave a second after the last request.
  const held = await holdAgent(t, path, ['--threads', '1', '--min-uptime', '120']);
  const client = await connectRpc(held.socketPath);
  await t.throwsAsync(client.call('hello', ['anna']), { message: /the database is not up/ });
  await until(async () => (await client.call('hello', ['anna']).catch(() => undefined)) === 'anna');
  t.is((await ask(held, 'status')).state, 'running');
  t.is(held.events.filter(({ event }) => event === 'started').length, 1);
  client.close();
});

test('a module of another kind than its version says is refused like one that does not load', async (t) => {
  const { path } = await moduleOf(t, 'export default (message) => message;', RPC);
  const { socketPath } = await holdAgent(t, path);
  const client = await connectRpc(socketPath);
  await t.throwsAsync(client.call('hello', ['anna']), {
    code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
    message: /a raw agent, while the clients use an RPC agent/,
  });
  client.close();
});

test('a raw agent whose module cannot be loaded closes its connections: it has no error reply', async (t) => {
  const { path } = await moduleOf(t, 'throw new Error("no");', { kind: 'raw', methods: [] });
  const { socketPath } = await holdAgent(t, path);
  const client = await connectRaw(socketPath);
  await t.throwsAsync(client.request('hello'), { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
  client.close();
});

test('a module file that describes another module is not used, and named in the log', async (t) => {
  const { path, folder } = await moduleOf(t, 'export default (message) => message;');
  writeModuleFile(folder, join('app', 'other.mjs'), RPC);
  const log = join(folder, 'log');
  const run = [process.execPath, ENTRY, 'run', path, '--log-level', 'warn'];
  const { socketPath } = await activate(t, ['/bin/sh', '-c', 'exec "$@" 2> "$0"', log, ...run]);
  const client = await connectRaw(socketPath);
  t.is(String(await client.request('hello')), 'hello');
  client.close();
  await until(() => readFileSync(log, 'utf8').includes('module-file-unfit'));
  t.true(readFileSync(log, 'utf8').includes(join(folder, 'launchpool-module.json')));
});

/** Without a module file. It never completes its import. */
const HANGS = `
  import { writeFileSync } from 'node:fs';
  writeFileSync(new URL('../imports', import.meta.url), '');
  await new Promise((resolve) => setTimeout(resolve, 2 ** 30));
  export const hello = (name) => name;`;

test('an agent whose module does not end to import leaves at once on SIGTERM', async (t) => {
  const { path, folder } = await moduleOf(t, HANGS);
  const held = await holdAgent(t, path, ['--load-timeout', '3600']);
  const client = await connectRpc(held.socketPath);
  const { pid } = await held.event('started');
  await until(() => existsSync(join(folder, 'imports')));
  process.kill(pid, 'SIGTERM');
  t.is((await held.event('left')).pid, pid);
  client.close();
});

test('a reload by SIGHUP repairs an agent whose module does not end to import', async (t) => {
  const { path, folder } = await moduleOf(t, HANGS);
  const held = await holdAgent(t, path, ['--load-timeout', '3600', '--threads', '1']);
  const client = await connectRpc(held.socketPath);
  const call = client.call('hello', ['anna']);
  const { pid } = await held.event('started');
  await until(() => existsSync(join(folder, 'imports')));
  await writeFile(path, "export const hello = (name) => 'hello ' + name;");
  process.kill(pid, 'SIGHUP');
  t.is(await call, 'hello anna');
  client.close();
});

for (const [what, broken] of [
  ['does not load', 'throw new Error("not today");'],
  ['is of another kind', 'export default (message) => message;'],
  ['has other methods', 'export const hello = () => "changed";'],
] as const) {
  test(`threads that start after a refused reload run what the others run: the file ${what}`, async (t) => {
    const source = `
      import { helper } from './helper.mjs';
      import { createRequire } from 'node:module';
      const { added } = createRequire(import.meta.url)('./common.cjs');
      export const hello = () => helper() + added;
      export const die = () => { setImmediate(() => { throw new Error('dies'); }); return new Promise(() => {}); };`;
    const { path, folder } = await moduleOf(t, source);
    await writeFile(join(folder, 'app', 'helper.mjs'), 'export const helper = () => "old";');
    await writeFile(join(folder, 'app', 'common.cjs'), 'exports.added = " one";');
    const held = await holdAgent(t, path, ['--threads', '1']);
    const client = await connectRpc(held.socketPath);
    t.is(await client.call('hello', []), 'old one');
    await writeFile(path, broken);
    await writeFile(join(folder, 'app', 'helper.mjs'), 'export const helper = () => "new";');
    await writeFile(join(folder, 'app', 'common.cjs'), 'exports.added = " two";');
    for (let times = 0; times < 3; times += 1) {
      await t.throwsAsync(client.call('die', []), { code: 'ERR_LAUNCHPOOL_THREAD_EXITED' });
      t.is(await client.call('hello', []), 'old one');
    }
    t.true(existsSync(path));
    client.close();
  });
}
