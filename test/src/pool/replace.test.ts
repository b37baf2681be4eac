/** Threads that end at once: their open requests fail, and no others. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { fixture } from '../../helpers/agent.ts';
import { heldCall } from '../../helpers/held-call.ts';
import { type PoolBench, startPoolBench, until } from '../../helpers/pool-bench.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { untilWritten } from '../../helpers/until.ts';

const module = fixture('agents/misbehaving.ts');
const REASON = new LaunchpoolError('ERR_LAUNCHPOOL_THREAD_EXITED', 'replaced for a test');

/** Resolves with the ids of both threads when the second one has started. Until then, the first one runs all requests. */
async function bothThreads(call: PoolBench['call']): Promise<number[]> {
  for (;;) {
    const threads = new Set((await Promise.all([call('burn', 50), call('burn', 50)])) as number[]);
    if (threads.size === 2) return [...threads];
  }
}

test('the open requests of a replaced thread fail with the reason; others go on, and another thread takes its place', async (t) => {
  const { pool, call } = startPoolBench(t, { module, threads: 1 });
  const { threadId } = (await call('where')) as { threadId: number };
  const open = call('slow', 600_000);
  // Begins after it, on the same thread.
  t.is(await call('add', 1, 2), 3);
  pool.replace(threadId, REASON);
  const next = call('where');
  await t.throwsAsync(open, { code: 'ERR_LAUNCHPOOL_THREAD_EXITED', message: 'replaced for a test' });
  t.not(((await next) as { threadId: number }).threadId, threadId);
  await until(() => pool.threads === 1);
  t.is(pool.restarts, 1);
  t.is(pool.lost, 0);
});

test('a handler that never returns is ended, and the other thread goes on', async (t) => {
  const { pool, call } = startPoolBench(t, { module, threads: 2 });
  await bothThreads(call);
  const started = join(await tempDir(t), 'started');
  const never = call('never', started);
  const thread = Number(await untilWritten(started));
  const beside = call('slow', 200);
  pool.replace(thread, REASON);
  await t.throwsAsync(never, { message: 'replaced for a test' });
  t.is(await beside, 200);
  t.is((await bothThreads(call)).length, 2);
  // The exit of a thread is reported in another way than the replies of its successor.
  await until(() => pool.restarts > 0);
  t.is(pool.restarts, 1);
});

test('a thread that has exited, or has never existed, is not replaced', async (t) => {
  const { pool, call } = startPoolBench(t, { module, threads: 1 });
  const { threadId } = (await call('where')) as { threadId: number };
  pool.replace(threadId, REASON);
  pool.replace(threadId, REASON);
  pool.replace(4711, REASON);
  t.is(await call('add', 1, 2), 3);
  await until(() => pool.restarts > 0);
  t.is(pool.restarts, 1);
});

test('a thread that does not end, as it is in native code, is given up; its slot is not used again', async (t) => {
  const folder = await tempDir(t);
  const path = join(folder, 'native.mjs');
  await writeFile(
    path,
    `import { execFileSync } from 'node:child_process';
    import { threadId } from 'node:worker_threads';
    export const thread = () => threadId;
    // Until the file exists. A thread in this call does not end: no signal interrupts it.
    const script = 'touch "$0.started"; while test -e "$0.started" && ! test -e "$0"; do sleep 0.05; done';
    export const wait = (file) => String(execFileSync('/bin/sh', ['-c', script, file]));`,
  );
  const lostCounts: number[] = [];
  const { pool, call } = startPoolBench(t, {
    module: path,
    threads: 1,
    terminationTimeoutMs: 50,
    onLost: (lost) => lostCounts.push(lost),
  });
  const thread = (await call('thread')) as number;
  const release = join(folder, 'release');
  t.teardown(() => writeFile(release, ''));
  const stuck = call('wait', release);
  await until(() => existsSync(`${release}.started`));
  pool.replace(thread, REASON);
  await t.throwsAsync(stuck, { message: 'replaced for a test' });
  t.not(await call('thread'), thread);
  t.deepEqual(lostCounts, [1]);
  t.is(pool.lost, 1);
  t.is(pool.slots.filter(({ index }) => pool.isLost(index)).length, 1);
  t.is(pool.threads, 1);
  t.false(await pool.end(10));

  await writeFile(release, '');
  t.not(await call('thread'), thread);
  t.is(pool.threads, 1);
});

test('end() ends a thread with an open request, and resolves with true', async (t) => {
  const held = await heldCall(t);
  const { pool, call } = startPoolBench(t, { module: fixture('agents/supervised.ts'), threads: 1 });
  call('hold', held.path).catch(() => undefined);
  await held.running;
  t.true(await pool.end(60_000));
});
