/** Threads that cannot load the module: what becomes of them, and of their requests. */
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { LaunchpoolError, type PlainError } from '../../../wire/errors.ts';
import type { AgentKind } from '../../../workers/task.ts';
import { type PoolBench, startPoolBench, until } from '../../helpers/pool-bench.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const REASON = new LaunchpoolError('ERR_LAUNCHPOOL_THREAD_EXITED', 'replaced for a test');

type Loads = PoolBench & {
  broken: PlainError[];
  notLoaded: PlainError[];
  moduleUrl: string;
  /** How many threads have started to load the module. */
  loads(): number;
};

type LoadOptions = { threads?: number; loadTimeoutMs?: number; kind?: AgentKind };

/** With a module whose load number `nth`, from 1 on, first runs this code. */
async function loading(t: ExecutionContext, code: string, options: LoadOptions = {}): Promise<Loads> {
  const folder = await tempDir(t);
  const [path, log] = [join(folder, 'module.mjs'), join(folder, 'loads')];
  await writeFile(log, '');
  await writeFile(
    path,
    `import { appendFileSync, readFileSync } from 'node:fs';
    import { setTimeout as wait } from 'node:timers/promises';
    import { threadId } from 'node:worker_threads';
    appendFileSync(${JSON.stringify(log)}, '.');
    const loads = () => readFileSync(${JSON.stringify(log)}).length;
    const nth = loads();
    ${code}
    export const where = () => threadId;
    export const block = (ms) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);`,
  );
  const [broken, notLoaded]: [PlainError[], PlainError[]] = [[], []];
  const bench = startPoolBench(t, {
    module: path,
    threads: 1,
    ...options,
    onBroken: (error) => broken.push(error),
    onNotLoaded: (error) => notLoaded.push(error),
  });
  return { ...bench, broken, notLoaded, moduleUrl: pathToFileURL(path).href, loads: () => readFileSync(log).length };
}

test('after a module was loaded, the next thread loads it, without a report', async (t) => {
  const code = "if (nth > 1 && nth <= 4) throw new Error('no descriptor, or something else');";
  const { pool, call, broken, loads } = await loading(t, code);
  pool.replace((await call('where')) as number, REASON);
  t.is(typeof (await call('where')), 'number');
  t.deepEqual([broken, loads()], [[], 5]);
});

test('after several failures in a row, the module is broken; a reload repairs it', async (t) => {
  const code = "if (nth > 1 && nth <= 7) throw new Error('no descriptor, or something else');";
  const { pool, call, broken, moduleUrl } = await loading(t, code);
  pool.replace((await call('where')) as number, REASON);
  await t.throwsAsync(call('where'), { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED', message: /no descriptor/ });
  // The report comes in another message than the reply, and may come later.
  await until(() => broken.length > 0);
  t.false(pool.hasLoaded);
  await t.throwsAsync(call('where'), { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED' });
  t.deepEqual(await pool.reload(moduleUrl), { kind: 'rpc', methods: ['block', 'where'] });
  t.is(typeof (await call('where')), 'number');
});

test('a thread that cannot load the module refuses no request while another one serves', async (t) => {
  const code = "export const setup = () => { if (nth > 1) throw new Error('no connection left'); };";
  const { pool, call, broken, notLoaded } = await loading(t, code, { threads: 2 });
  await call('where');
  // Requests that wait start the second thread, which a busy machine may end before it has loaded anything.
  while (notLoaded.length === 0) {
    const calls = [call('block', 200), ...Array.from({ length: 20 }, () => call('where'))];
    await Promise.all(calls);
  }
  t.deepEqual([broken.length, notLoaded[0]?.code], [0, 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED']);
  t.regex(notLoaded[0]?.message ?? '', /no connection left/);
  t.true(pool.hasLoaded);
});

test('of two threads that start at once, the one that loads the module answers all requests', async (t) => {
  const code = "export const setup = async () => { if (nth === 2) throw new Error('only one'); await wait(50); };";
  const { call, broken, notLoaded } = await loading(t, code, { threads: 2 });
  const answers = await Promise.all(Array.from({ length: 20 }, () => call('where')));
  t.is(new Set(answers).size, 1);
  t.deepEqual([broken, notLoaded.length <= 1], [[], true]);
});

test('a setup that does not end makes the module broken after the timeout', async (t) => {
  const code = 'export const setup = () => new Promise(() => undefined);';
  const { call, broken } = await loading(t, code, { loadTimeoutMs: 200 });
  await t.throwsAsync(call('where'), { code: 'ERR_LAUNCHPOOL_LOAD_TIMEOUT' });
  await t.throwsAsync(call('where'), { code: 'ERR_LAUNCHPOOL_LOAD_TIMEOUT' });
  t.is(broken[0]?.code, 'ERR_LAUNCHPOOL_LOAD_TIMEOUT');
});

test('a module that blocks its thread while it loads makes the module broken after the timeout', async (t) => {
  const { call } = await loading(t, 'for (;;);', { loadTimeoutMs: 200 });
  await t.throwsAsync(call('where'), { code: 'ERR_LAUNCHPOOL_LOAD_TIMEOUT' });
});

test('a module of another kind than the known one is not loaded, and its setup does not run', async (t) => {
  const code = "export const setup = () => { throw new Error('setup ran'); };";
  const { pool, moduleUrl } = await loading(t, code, { kind: 'raw' });
  await t.throwsAsync(pool.reload(moduleUrl), { message: /an RPC agent, while the clients use a raw agent/ });
  t.is(pool.kind, 'raw');
});

test('a thread that retires while it loads, and fails then, ends, and its requests go to another one', async (t) => {
  const code = `export const setup = async () => {
    if (nth > 1) return;
    while (loads() < 3) await wait(5);
    throw new Error('too late');
  };`;
  const { pool, call, loads, broken, notLoaded, moduleUrl } = await loading(t, code);
  const answer = call('where');
  const empty = pool.run(null);
  await until(() => loads() === 1);
  await pool.reload(moduleUrl);
  t.is(await answer, await call('where'));
  t.is(pool.threads, 2);
  // Lets the setup of the first thread go on.
  await pool.reload(`${moduleUrl}?next`);
  await t.throwsAsync(empty, { code: 'ERR_LAUNCHPOOL_THREAD_EXITED' });
  await until(() => pool.threads === 1);
  t.deepEqual([broken, notLoaded], [[], []]);
});

test('a failed thread that waits for the outcome of another one ends when both retire', async (t) => {
  const code = `export const setup = async () => {
      while (loads() < 2) await wait(5);
      if (nth === 1) throw new Error('waits');
      if (nth === 2) while (loads() < 4) await wait(5);
    };`;
  const { pool, call, loads, moduleUrl } = await loading(t, code, { threads: 2 });
  const answers = [call('where'), call('where')];
  await until(() => loads() === 2);
  await pool.reload(moduleUrl);
  t.is(new Set(await Promise.all(answers)).size, 1);
  // Lets the setup of the second thread go on.
  await pool.reload(`${moduleUrl}?next`);
  await until(() => pool.threads === 1);
});
