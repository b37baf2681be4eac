/** Threads that reach a limit of requests or heap: another thread replaces them, and no request fails. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { fixture } from '../../helpers/agent.ts';
import { heldCall } from '../../helpers/held-call.ts';
import { startPoolBench, until } from '../../helpers/pool-bench.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const module = fixture('agents/misbehaving.ts');
type Where = { threadId: number };

for (const threads of [1, 2]) {
  test(`after its maximum of requests a thread is replaced, with ${threads} threads: no request is lost`, async (t) => {
    const { pool, call } = startPoolBench(t, { module, threads, recycleRequests: 50 });
    const seen = new Set<number>();
    let calls = 0;
    while (pool.restarts < 3) {
      const answers = await Promise.all(
        Array.from({ length: 20 }, async (_unused, index) => {
          if (index % 5 === 4) t.is(await call('slow', 3), 3);
          return ((await call('where')) as Where).threadId;
        }),
      );
      calls += answers.length;
      for (const thread of answers) seen.add(thread);
      // A spare, and a retiring thread, which may be slow to end.
      await until(() => pool.threads <= threads + 2);
    }
    t.true(seen.size >= 3);
    t.true(calls >= 60);
  });
}

test('a worn thread completes its open requests without a time limit, and takes no further task', async (t) => {
  const held = await heldCall(t);
  const supervised = fixture('agents/supervised.ts');
  const { pool, call } = startPoolBench(t, { module: supervised, threads: 1, recycleRequests: 5 });
  const threadId = await call('thread');
  const open = call('hold', held.path);
  while ((await call('thread')) === threadId);
  for (let index = 0; index < 20; index += 1) t.not(await call('thread'), threadId);
  held.release();
  t.is(await open, process.pid);
  await until(() => pool.threads === 1);
});

test('a thread whose heap has become large is replaced', async (t) => {
  const folder = await tempDir(t);
  const path = join(folder, 'leaky.mjs');
  await writeFile(
    path,
    `import { threadId } from 'node:worker_threads';
    const kept = [];
    export const leak = (items) => kept.push(Array.from({ length: items }, (_, index) => ({ index }))) && threadId;`,
  );
  const { pool, call } = startPoolBench(t, { module: path, threads: 1, recycleMb: 48 });
  const first = await call('leak', 10);
  t.is(await call('leak', 1_000_000), first);
  // The pool reads the heap size at intervals.
  while ((await call('leak', 10)) === first) await new Promise((resolve) => setTimeout(resolve, 20));
  await until(() => pool.restarts === 1);
  t.is(pool.threads, 1);
});

test('a spare that cannot load the module replaces no thread', async (t) => {
  const folder = await tempDir(t);
  const path = join(folder, 'fragile.mjs');
  const marker = join(folder, 'broken');
  await writeFile(
    path,
    `import { existsSync } from 'node:fs';
    import { threadId } from 'node:worker_threads';
    if (existsSync(${JSON.stringify(marker)})) throw new Error('not a second time');
    export const where = () => threadId;`,
  );
  const failures: unknown[] = [];
  const broken: unknown[] = [];
  const { pool, call } = startPoolBench(t, {
    module: path,
    threads: 1,
    recycleRequests: 10,
    onNotRenewed: (error) => failures.push(error),
    onBroken: (error) => broken.push(error),
  });
  const first = await call('where');
  await writeFile(marker, '');
  while (failures.length < 1) t.is(await call('where'), first);
  // The next attempt comes later.
  for (let index = 0; index < 50; index += 1) t.is(await call('where'), first);
  t.is(failures.length, 1);
  t.regex((failures[0] as Error).message, /not a second time/);
  t.deepEqual(broken, []);
  t.is(await call('where'), first);
  await until(() => pool.threads === 1);
});

test('a spare that cannot load the module does not change the kind of the pool', async (t) => {
  const folder = await tempDir(t);
  const path = join(folder, 'fragile.mjs');
  const marker = join(folder, 'broken');
  await writeFile(
    path,
    `import { existsSync } from 'node:fs';
    if (existsSync(${JSON.stringify(marker)})) throw new Error('not a second time');
    // A raw agent whose messages have the form of JSON-RPC.
    export default (message) =>
      Buffer.from(JSON.stringify({ id: JSON.parse(Buffer.from(message).toString()).id, result: 'raw' }));`,
  );
  const failures: unknown[] = [];
  const { pool, call } = startPoolBench(t, {
    module: path,
    threads: 1,
    kind: 'raw',
    recycleRequests: 10,
    onNotRenewed: (error) => failures.push(error),
  });
  t.is(await call('any'), 'raw');
  await writeFile(marker, '');
  while (failures.length < 1) t.is(await call('any'), 'raw');
  await until(() => pool.threads === 1);
  t.is(pool.kind, 'raw');
});

test('a thread that exceeds its heap limit fails its open requests, and no others', async (t) => {
  const folder = await tempDir(t);
  const path = join(folder, 'hungry.mjs');
  await writeFile(
    path,
    `export const eat = () => { const all = []; for (;;) all.push({ at: all.length, more: [1, 2, 3] }); };
    export const add = (a, b) => a + b;`,
  );
  const { pool, call } = startPoolBench(t, { module: path, threads: 1, threadMemoryMb: 32 });
  for (let times = 1; times <= 2; times += 1) {
    await t.throwsAsync(call('eat'), { code: 'ERR_LAUNCHPOOL_THREAD_EXITED', message: /memory/ });
    t.is(await call('add', 1, 2), 3);
    t.is(pool.restarts, times);
  }
});
