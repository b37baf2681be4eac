/**
 * The undocumented behaviour of Piscina that the pool relies on: one test for each, which names the file that relies on it.
 * A new version of Piscina must pass these tests.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { Piscina } from 'piscina';
import { adopting, type PiscinaWorker } from '../../../src/pool/piscina.ts';
import { PISCINA_WORKER } from '../../../src/pool/worker-entry.ts';
import type { PiscinaTask, TaskReport } from '../../fixtures/programs/piscina-tasks.ts';
import { fixture } from '../../helpers/agent.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import '../../helpers/with-compile-cache.ts';

type Options = NonNullable<ConstructorParameters<typeof Piscina>[0]>;
type Balancer = (workers: readonly PiscinaWorker[]) => PiscinaWorker | null;

/** A pool with the options of src/pool/piscina.ts, except those that a test sets. */
function makePool(t: ExecutionContext, { balancer, ...options }: Options & { balancer?: Balancer } = {}): Piscina {
  const pool = new Piscina({
    filename: fixture('programs/piscina-tasks.ts'),
    name: 'run',
    minThreads: 1,
    maxThreads: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    concurrentTasksPerWorker: 2,
    atomics: 'disabled',
    recordTiming: false,
    ...(balancer && { loadBalancer: (_task, workers) => balancer(workers) }),
    ...options,
  });
  // Neither open tasks nor starting threads keep the process alive.
  const alive = setInterval(() => undefined, 60_000);
  t.teardown(async () => {
    clearInterval(alive);
    await pool.destroy();
  });
  return pool;
}

const run = (pool: Piscina, task: PiscinaTask): Promise<TaskReport> => pool.run(task);
const tell: PiscinaTask = { does: 'tell' };

/** The only thread of a pool that has one. */
const onlyThread = (pool: Piscina): Worker => pool.threads[0] as Worker;

/** The thread of a pool of two that is not the given one. */
const otherThread = (pool: Piscina, one: Worker): Worker => pool.threads.find((worker) => worker !== one) as Worker;

type Gate = { view: Int32Array; started: Promise<unknown>; open(): void };

/** Blocks a task until it is opened; `started` resolves when a thread has the task. */
function gate(t: ExecutionContext): Gate {
  const view = new Int32Array(new SharedArrayBuffer(8));
  const open = (): void => {
    Atomics.store(view, 1, 1);
    Atomics.notify(view, 1);
  };
  // A blocked thread does not end.
  t.teardown(open);
  return { view, started: Promise.resolve(Atomics.waitAsync(view, 0, 0).value), open };
}

/** Resolves when the first threads of a new pool have started. */
async function started(pool: Piscina, count = 1): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  pool.on('workerCreate', () => {
    seen += 1;
    if (seen === count) resolve();
  });
  await promise;
}

const threadsModule = createRequire(import.meta.url)('node:worker_threads') as { Worker: typeof Worker };

/** Records how workers are constructed during `make`. */
function recordWorkers<Made>(make: () => Made): { made: Made; calls: unknown[][]; workers: Worker[] } {
  const real = threadsModule.Worker;
  const [calls, workers]: [unknown[][], Worker[]] = [[], []];
  threadsModule.Worker = function record(...args: [string, object]) {
    const worker = new real(...args);
    calls.push(args);
    workers.push(worker);
    return worker;
  } as unknown as typeof Worker;
  try {
    return { made: make(), calls, workers };
  } finally {
    threadsModule.Worker = real;
  }
}

/** once() of node:events would reject when the worker exits with an error. */
const exited = (worker: Worker): Promise<unknown> => new Promise((resolve) => worker.once('exit', resolve));

/** The message of the error of a task. */
const failure = (task: Promise<unknown>): Promise<string> =>
  task.then(
    () => 'it has not failed',
    ({ message }: Error) => message,
  );

const refusing: Balancer = () => null;

/** Gives tasks to one thread, or to none. */
function createChooser(): { balancer: Balancer; choose(worker: Worker | undefined): void } {
  let chosen: number | undefined;
  return {
    balancer: (workers) => workers.find(({ id }) => id === chosen) ?? null,
    choose(worker) {
      chosen = worker?.threadId;
    },
  };
}

test.serial('Piscina is pinned to the version that these tests hold for (package.json, package-lock.json)', (t) => {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const read = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8'));
  const { version } = Piscina;
  t.regex(version, /^\d+\.\d+\.\d+$/);
  t.is(read('package.json').dependencies.piscina, version);
  const { packages } = read('package-lock.json');
  t.is(packages[''].dependencies.piscina, version);
  t.is(packages['node_modules/piscina'].version, version);
});

test.serial(
  'the constructor makes its first threads before it returns, by the Worker that stands in node:worker_threads then (src/pool/first-thread.ts)',
  (t) => {
    const resourceLimits = { maxOldGenerationSizeMb: 64 };
    const { made, calls, workers } = recordWorkers(() => makePool(t, { resourceLimits, workerData: 'told' }));
    t.is(calls.length, 1);
    t.like(calls[0]?.[1], { resourceLimits, workerData: 'told' });
    t.deepEqual(made.threads, workers);
  },
);

test.serial(
  'threads run dist/worker.js, beside the main file, and its path is the first argument of Worker (src/pool/worker-entry.ts)',
  (t) => {
    const { calls } = recordWorkers(() => makePool(t));
    const main = createRequire(import.meta.url).resolve('piscina');
    t.deepEqual([calls[0]?.[0], calls[0]?.[0]], [PISCINA_WORKER, join(dirname(main), 'worker.js')]);
  },
);

test.serial(
  'a worker may load the code for threads late, and be itself the file that has the tasks (build/thread.ts, build/worker-entry.ts)',
  async (t) => {
    const file = join(await tempDir(t), 'late.cjs');
    await writeFile(
      file,
      `const { parentPort, workerData } = require('node:worker_threads');
      let options;
      parentPort.once('message', (message) => {
        options = message;
        require(${JSON.stringify(PISCINA_WORKER)});
      });
      exports.run = () => options;`,
    );
    const worker = new Worker(file);
    worker.postMessage('options');
    const pool = adopting(worker, () => makePool(t, { filename: file }));
    t.deepEqual(pool.threads, [worker]);
    // Loaded once: the file that Piscina requires is the one that runs.
    t.is(await pool.run(null), 'options');
  },
);

test.serial('a thread loads the file of the tasks before it is given a task (workers/entry.ts)', async (t) => {
  const pool = makePool(t, { balancer: refusing });
  const [message] = await once(onlyThread(pool), 'message');
  t.deepEqual(message, { loadedBy: onlyThread(pool).threadId });
});

test.serial(
  'what a thread posts to its parent is heard at its Worker, beside what Piscina posts itself (src/pool/piscina.ts)',
  async (t) => {
    const pool = makePool(t);
    const messages: unknown[] = [];
    onlyThread(pool).on('message', (message) => messages.push(message));
    const { threadId } = await run(pool, tell);
    await run(pool, tell);
    t.is(messages.length, 2);
    t.deepEqual(messages[0], { loadedBy: threadId });
  },
);

test.serial(
  'workerData of a thread is what stands in the options when it is made (src/pool/piscina.ts, setWorkerData)',
  async (t) => {
    const { balancer, choose } = createChooser();
    const pool = makePool(t, { maxThreads: 2, workerData: 'first', balancer });
    await started(pool);
    const first = onlyThread(pool);
    pool.options.workerData = 'second';
    const second = run(pool, tell);
    pool.options.workerData = 'third';
    choose(otherThread(pool, first));
    t.is((await second).workerData, 'second');
    choose(first);
    t.is((await run(pool, tell)).workerData, 'first');
  },
);

test.serial(
  'each task that is queued starts a thread before run() returns, up to maxThreads (src/pool/piscina.ts, choose)',
  (t) => {
    const pool = makePool(t, { maxThreads: 3, balancer: refusing });
    const threads = [1, 2, 3].map(() => {
      run(pool, tell).catch(() => undefined);
      return pool.threads.length;
    });
    t.deepEqual(threads, [2, 3, 3]);
  },
);

test.serial(
  'maxThreads may be raised while the pool runs, and lowered without the end of a thread (src/pool/piscina.ts, setMaxThreads)',
  (t) => {
    const pool = makePool(t, { balancer: refusing });
    const threads = [1, 2, 2, 1, 3, 1].map((maxThreads) => {
      pool.options.maxThreads = maxThreads;
      run(pool, tell).catch(() => undefined);
      return pool.threads.length;
    });
    t.deepEqual(threads, [1, 2, 2, 2, 3, 3]);
  },
);

for (const [title, queued, signal] of [
  ['nothing is queued', 0, undefined],
  ['a task is queued', 1, undefined],
  ['a task with a signal is queued', 1, new AbortController().signal],
] as const) {
  test.serial(
    `where ${title}, a task that no thread takes starts one thread at once, and abort takes it back (src/pool/piscina.ts, startWorker)`,
    async (t) => {
      const pool = makePool(t, { balancer: refusing });
      await started(pool);
      const first = onlyThread(pool);
      for (let count = 0; count < queued; count += 1) pool.run(tell, { signal }).catch(() => undefined);
      pool.options.maxThreads = 2;
      const taken = new AbortController();
      const task = pool.run({ does: 'exit' }, { signal: taken.signal });
      t.is(pool.threads.length, 2);
      const spare = otherThread(pool, first);
      t.true(spare.threadId > 0);
      taken.abort();
      await t.throwsAsync(task, { name: 'AbortError' });
      // It starts all the same, and has no task.
      const [tasks] = await once(pool, 'workerCreate');
      t.like(tasks, { id: spare.threadId, currentUsage: 0 });
      t.deepEqual([pool.threads.length, pool.queueSize], [2, queued]);
    },
  );
}

test.serial('a task that was taken back is given to no thread (src/pool/piscina.ts, startWorker)', async (t) => {
  const { balancer, choose } = createChooser();
  const pool = makePool(t, { balancer });
  await started(pool);
  const first = onlyThread(pool);
  const taken = new AbortController();
  const back = pool.run({ does: 'exit' }, { signal: taken.signal });
  taken.abort();
  await t.throwsAsync(back, { name: 'AbortError' });
  choose(first);
  // The second of them is asked about when the first is done, and with it all that is queued.
  for (let count = 0; count < 2; count += 1) t.is((await run(pool, tell)).threadId, first.threadId);
  t.deepEqual(pool.threads, [first]);
});

test.serial(
  'the load balancer is asked before run() returns, and is shown the threads that have started (src/pool/piscina.ts, choose)',
  async (t) => {
    const shown: number[][] = [];
    const pool = makePool(t, {
      maxThreads: 2,
      balancer(workers) {
        shown.push(workers.map(({ id }) => id));
        return null;
      },
    });
    await started(pool);
    const { threadId } = onlyThread(pool);
    const taken = new AbortController();
    pool.run(tell, { signal: taken.signal }).catch(() => undefined);
    t.deepEqual(shown, [[threadId]]);
    taken.abort();
    // The other thread is being started.
    run(pool, tell).catch(() => undefined);
    t.deepEqual(shown, [[threadId], [threadId]]);
    t.is(pool.threads.length, 2);
  },
);

test.serial(
  'a task for which the load balancer says null waits, and it is asked again when a task is done (src/pool/piscina.ts, choose)',
  async (t) => {
    const { balancer, choose } = createChooser();
    const pool = makePool(t, { balancer });
    await started(pool);
    const first = onlyThread(pool);
    const held = gate(t);
    choose(first);
    const open = run(pool, { does: 'wait', gate: held.view });
    choose(undefined);
    const queued = run(pool, tell);
    choose(first);
    t.is(pool.queueSize, 1);
    held.open();
    await open;
    t.is(pool.queueSize, 0);
    t.is((await queued).threadId, first.threadId);
  },
);

test.serial(
  'a task for which the load balancer says null waits, and it is asked again when a thread has started (src/pool/piscina.ts, choose)',
  async (t) => {
    const { balancer, choose } = createChooser();
    const pool = makePool(t, { maxThreads: 2, balancer });
    await started(pool);
    const first = onlyThread(pool);
    const queued = run(pool, tell);
    choose(otherThread(pool, first));
    t.not((await queued).threadId, first.threadId);
  },
);

test.serial(
  'the load balancer may choose a thread that has not started: the task waits for it (src/pool/workers.ts, onStarted)',
  async (t) => {
    const given: number[] = [];
    const { balancer, choose } = createChooser();
    const pool = makePool(t, {
      maxThreads: 2,
      balancer(workers) {
        const chosen = balancer(workers);
        if (chosen !== null) given.push(chosen.id);
        return chosen;
      },
    });
    await started(pool);
    const first = onlyThread(pool);
    const loading = gate(t);
    pool.options.workerData = { loadsWhenOpen: loading.view };
    const held = gate(t);
    choose(first);
    const open = run(pool, { does: 'wait', gate: held.view });
    choose(undefined);
    const queued = run(pool, tell);
    const second = otherThread(pool, first);
    let hasStarted = false;
    const hasBeenReported = once(pool, 'workerCreate').then(() => {
      hasStarted = true;
    });
    choose(second);
    // Piscina asks again for queued tasks when a task ends.
    await held.started;
    held.open();
    await open;
    t.deepEqual(given, [first.threadId, second.threadId]);
    t.false(hasStarted);
    loading.open();
    t.is((await queued).threadId, second.threadId);
    // The two messages come by different ports, in either order.
    await hasBeenReported;
  },
);

test.serial(
  'the load balancer may give a thread several tasks, and the next one waits while one keeps the thread busy (src/pool/first-thread.ts, TASKS_PER_THREAD)',
  async (t) => {
    const { balancer, choose } = createChooser();
    const pool = makePool(t, { balancer });
    await started(pool);
    choose(onlyThread(pool));
    const gates = [gate(t), gate(t), gate(t)];
    const tasks = gates.map(({ view }) => run(pool, { does: 'hold', gate: view }));
    const order: number[][] = [];
    for (const { started: hasTask, open } of gates) {
      await hasTask;
      order.push(gates.map(({ view }) => Atomics.load(view, 0)));
      open();
    }
    t.deepEqual(order, [
      [1, 0, 0],
      [1, 1, 0],
      [1, 1, 1],
    ]);
    await Promise.all(tasks);
  },
);

test.serial(
  'workerCreate comes for the first thread after the constructor, and its `currentUsage` follows the tasks of the thread (src/pool/piscina.ts)',
  async (t) => {
    const { balancer, choose } = createChooser();
    const pool = makePool(t, { balancer });
    const [tasks] = (await once(pool, 'workerCreate')) as [PiscinaWorker];
    choose(onlyThread(pool));
    t.is(tasks.id, onlyThread(pool).threadId);
    const [first, second] = [gate(t), gate(t)];
    const usage = [tasks.currentUsage];
    const one = run(pool, { does: 'wait', gate: first.view });
    usage.push(tasks.currentUsage);
    const other = run(pool, { does: 'wait', gate: second.view });
    usage.push(tasks.currentUsage);
    first.open();
    await one;
    usage.push(tasks.currentUsage);
    second.open();
    await other;
    t.deepEqual([...usage, tasks.currentUsage], [0, 1, 2, 1, 0]);
  },
);

test.serial(
  'workerCreate comes for a further thread when it has loaded the file of the tasks (src/pool/termination.ts, terminate)',
  async (t) => {
    const pool = makePool(t, { maxThreads: 2, balancer: refusing });
    await started(pool);
    const first = onlyThread(pool);
    run(pool, tell).catch(() => undefined);
    const second = otherThread(pool, first);
    const messages: unknown[] = [];
    second.on('message', (message) => messages.push(message));
    const [tasks] = (await once(pool, 'workerCreate')) as [PiscinaWorker];
    t.is(tasks.id, second.threadId);
    t.deepEqual(messages[0], { loadedBy: second.threadId });
  },
);

test.serial(
  'queueSize leaves out as many tasks as threads can take that are being started (src/pool/piscina.ts, setMinThreads)',
  async (t) => {
    const pool = makePool(t, { maxThreads: 2, balancer: refusing });
    await started(pool);
    const sizes = [1, 2, 3, 4].map(() => {
      run(pool, tell).catch(() => undefined);
      return pool.queueSize;
    });
    t.deepEqual([pool.threads.length, ...sizes], [2, 0, 0, 1, 2]);
  },
);

for (const [does, how, event] of [
  ['exit', 'exits', 'exit'],
  ['uncaught', 'exits with an error', 'error'],
] as const) {
  test.serial(
    `in the place of a thread that ${how}, threads start up to minThreads and no further, whatever is queued (src/pool/piscina.ts, setMinThreads)`,
    async (t) => {
      const { balancer, choose } = createChooser();
      const pool = makePool(t, { minThreads: 2, maxThreads: 2, balancer });
      await started(pool, 2);
      const [first, second] = pool.threads as [Worker, Worker];
      pool.options.minThreads = 1;
      choose(first);
      const dying = run(pool, { does });
      choose(undefined);
      run(pool, tell).catch(() => undefined);
      t.is(pool.queueSize, 1);
      await Promise.all([exited(first), failure(dying)]);
      t.deepEqual([pool.threads, pool.queueSize], [[second], 1]);
      pool.options.minThreads = 2;
      choose(second);
      const last = run(pool, { does });
      await Promise.all([exited(second), failure(last)]);
      t.is(pool.threads.length, 2);
      t.false(pool.threads.includes(second));
    },
  );

  test.serial(
    `minThreads is read when a thread ${how}, after listeners that were prepended and before others (src/pool/workers.ts, follow)`,
    async (t) => {
      const pool = makePool(t, { maxThreads: 4 });
      await started(pool);
      const first = onlyThread(pool);
      const threads: number[] = [];
      first.prependListener(event, () => {
        threads.push(pool.threads.length);
        pool.options.minThreads = 3;
      });
      first.once(event, () => threads.push(pool.threads.length));
      await Promise.all([exited(first), failure(run(pool, { does }))]);
      // An error is followed by an exit, for which no further thread is started.
      t.deepEqual([...threads, pool.threads.length], [1, 3, 3]);
      t.false(pool.threads.includes(first));
    },
  );
}

test.serial(
  'an uncaught error fails all tasks of its thread, with the error and before the thread has ended (src/pool/pool.ts, run)',
  async (t) => {
    const { balancer, choose } = createChooser();
    const pool = makePool(t, { balancer });
    await started(pool);
    const first = onlyThread(pool);
    choose(first);
    const order: string[] = [];
    first.once('exit', () => order.push('exit'));
    const held = gate(t);
    const tasks = [run(pool, { does: 'wait', gate: held.view }), run(pool, { does: 'uncaught' })];
    await Promise.all([exited(first), ...tasks.map(async (task) => order.push(await failure(task)))]);
    t.deepEqual(order, ['uncaught', 'uncaught', 'exit']);
  },
);

test.serial('a task that throws fails alone, and its thread goes on (src/pool/pool.ts, run)', async (t) => {
  const pool = makePool(t);
  const worker = onlyThread(pool);
  t.is(await failure(run(pool, { does: 'throw' })), 'thrown');
  t.is((await run(pool, tell)).threadId, worker.threadId);
});

test.serial(
  '`error` is emitted for a thread that dies of an error with no task, and for nothing else (src/pool/piscina.ts, onStrayDeath)',
  async (t) => {
    const pool = makePool(t);
    const errors: string[] = [];
    pool.on('error', ({ message }: Error) => errors.push(message));
    for (const does of ['exit', 'uncaught', 'throw'] as const) {
      const worker = onlyThread(pool);
      const gone = does === 'throw' ? undefined : exited(worker);
      await Promise.all([gone, failure(run(pool, { does }))]);
      await run(pool, tell);
    }
    const idle = onlyThread(pool);
    const ended = exited(idle);
    void idle.terminate();
    await ended;
    t.deepEqual(errors, []);
    const held = gate(t);
    await run(pool, { does: 'die-later', gate: held.view });
    const last = exited(onlyThread(pool));
    held.open();
    await last;
    t.deepEqual(errors, ['died later']);
  },
);

test.serial(
  'an `exit` that is emitted by hand has a thread count as ended, and its own exit changes nothing more (src/pool/piscina.ts, forget)',
  async (t) => {
    const { balancer, choose } = createChooser();
    const pool = makePool(t, { balancer });
    await started(pool);
    const first = onlyThread(pool);
    pool.on('error', (error) => t.fail(String(error)));
    const held = gate(t);
    choose(first);
    const tasks = [run(pool, { does: 'hold', gate: held.view }), run(pool, tell)];
    await held.started;
    first.emit('exit', 1);
    // At once, and another one in its place; its tasks fail.
    t.is(pool.threads.length, 1);
    const second = onlyThread(pool);
    t.not(second, first);
    for (const task of tasks) t.not(await failure(task), 'it has not failed');
    const ended = exited(first);
    held.open();
    void first.terminate();
    await ended;
    t.deepEqual(pool.threads, [second]);
    choose(second);
    t.is((await run(pool, tell)).threadId, second.threadId);
  },
);

test.serial(
  'once a thread has died before it had started, dead threads are not replaced, but tasks start some (src/pool/termination.ts, terminate)',
  async (t) => {
    const { balancer, choose } = createChooser();
    const pool = makePool(t, { maxThreads: 2, balancer });
    pool.on('error', () => undefined);
    await started(pool);
    const first = onlyThread(pool);
    pool.options.workerData = { failsToLoad: true };
    const queued = run(pool, tell);
    await exited(otherThread(pool, first));
    t.deepEqual(pool.threads, [first]);
    pool.options.workerData = undefined;
    const ended = exited(first);
    void first.terminate();
    await ended;
    t.deepEqual(pool.threads, []);
    const next = run(pool, tell);
    t.is(pool.threads.length, 1);
    choose(onlyThread(pool));
    t.deepEqual(await Promise.all([queued, next]), [await next, await next]);
  },
);
