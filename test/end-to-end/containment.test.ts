/** A failing handler harms its own thread only: its caller gets an error, others notice nothing, and the next call works. */
import test, { type ExecutionContext } from 'ava';
import { fixture } from '../helpers/agent.ts';
import { type PoolBench, startPoolBench } from '../helpers/pool-bench.ts';

const module = fixture('agents/contained.ts');
const EXITED = 'ERR_LAUNCHPOOL_THREAD_EXITED';
const INVALID = 'ERR_LAUNCHPOOL_RESULT_INVALID';

/** Resolves when both threads reply. */
async function bothThreads({ call }: PoolBench): Promise<void> {
  for (;;) {
    const threads = new Set(await Promise.all([call('burn', 50), call('burn', 50)]));
    if (threads.size === 2) return;
  }
}

/** Runs harmful calls one by one beside the calls of others, and checks the state afterwards. */
async function contain(
  t: ExecutionContext,
  harm: (bench: PoolBench) => Promise<unknown>,
  { restarts }: { restarts: number },
): Promise<void> {
  const bench = startPoolBench(t, { module, threads: 2, threadMemoryMb: 32 });
  await bothThreads(bench);
  await harm(bench);
  t.is(await bench.call('add', 1, 2), 3);
  await bothThreads(bench);
  t.is(bench.pool.restarts, restarts);
}

const COSTS_ITS_CALLER: readonly [method: string, code: unknown, message: RegExp][] = [
  ['throws', -32000, /thrown/],
  ['rejects', -32000, /rejected/],
  ['exits', 'ERR_LAUNCHPOOL_HANDLER_EXITED', /process\.exit\(3\)/],
  ['exitsByName', 'ERR_LAUNCHPOOL_HANDLER_EXITED', /process\.exit\(3\)/],
  ['closesPort', 'ERR_LAUNCHPOOL_HANDLER_EXITED', /parentPort\.close\(\)/],
  ['exitsReally', 'ERR_LAUNCHPOOL_HANDLER_EXITED', /process\.reallyExit\(3\)/],
  ['setsExitCode', -32000, /with an exit code/],
  ['changesFolder', 'ERR_WORKER_UNSUPPORTED_OPERATION', /chdir/],
  ['aborts', 'ERR_WORKER_UNSUPPORTED_OPERATION', /abort/],
  ['overflows', -32000, /call stack/],
  ['bigInt', INVALID, /BigInt/],
  ['cyclic', INVALID, /circular/],
  ['aFunction', INVALID, /./],
];

test('a handler that fails costs its caller an error, and other callers nothing', async (t) => {
  await contain(
    t,
    async ({ call }) => {
      for (const [method, code, message] of COSTS_ITS_CALLER) {
        const others = Array.from({ length: 20 }, (_unused, index) => call('add', index, 1));
        const error = await t.throwsAsync<Error & { code?: unknown }>(call(method), { message }, method);
        t.is(error?.code === 'ERR_LAUNCHPOOL_HANDLER' ? -32000 : error?.code, code, method);
        t.deepEqual(
          await Promise.all(others),
          Array.from({ length: 20 }, (_unused, index) => index + 1),
          method,
        );
      }
    },
    { restarts: 0 },
  );
});

test('process.exit() stays refused after an uncaught error that a listener of the module has handled', async (t) => {
  const { call, pool } = startPoolBench(t, { module, threads: 1 });
  const thread = await call('handlesUncaught', 'ignores');
  for (let times = 0; times < 3; times += 1) {
    const others = Array.from({ length: 20 }, (_unused, index) => call('add', index, 1));
    for (const method of ['exits', 'exitsByName', 'exitsReally']) {
      await t.throwsAsync(call(method), { code: 'ERR_LAUNCHPOOL_HANDLER_EXITED' }, method);
    }
    t.is((await Promise.all(others)).length, 20);
    t.is(await call('handlesUncaught', 'ignores'), thread);
  }
  t.is(pool.restarts, 0);
});

for (const [how, message] of [
  ['throws', /an error that is handled/],
  ['exits', /process\.exit\(3\) was called/],
] as const) {
  test(`a thread ends after an uncaught error if the listener of the module ${how}`, async (t) => {
    await contain(
      t,
      async ({ call }) => {
        await t.throwsAsync(call('handlesUncaught', how), { code: EXITED, message });
      },
      { restarts: 1 },
    );
  });
}

for (const [what, method, message] of [
  ['throws in a timer', 'throwsLater', /an uncaught error/],
  ['leaves a promise rejected', 'leavesRejection', /an unhandled rejection/],
  ['needs more memory than it may have', 'eatsMemory', /memory/],
] as const) {
  test(`a handler that ${what} fails the started requests of its thread; the thread is replaced`, async (t) => {
    await contain(
      t,
      async ({ call }) => {
        await t.throwsAsync(call(method), { code: EXITED, message });
      },
      { restarts: 1 },
    );
  });
}

test('no handler can reach the memory that holds the requests of other threads', async (t) => {
  const { call } = startPoolBench(t, { module, threads: 1 });
  t.is(await call('memory'), 'undefined');
});
