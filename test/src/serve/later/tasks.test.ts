import { getEventListeners } from 'node:events';
import test from 'ava';
import type { Delivery } from '../../../../src/serve/later/delivery.ts';
import { createTasks, type TaskOptions, type Tasks } from '../../../../src/serve/later/tasks.ts';
import type { PlainReply } from '../../../../src/serve/plain-calls.ts';
import { recordSignals } from '../../../helpers/recorded-signals.ts';
import { until } from '../../../helpers/until.ts';

type Stored = { outcomes: Map<string, unknown>; dead: Map<string, unknown> };

type World = Stored & {
  tasks: Tasks;
  /** The methods that have run. */
  calls: string[];
  events: string[];
  /** Gives a task. @returns what the instance has said of it. */
  give(id: string, task: unknown, deliveries?: number): string[];
};

type Setup = Partial<TaskOptions> & {
  reply?: (method: string) => PlainReply | Promise<PlainReply>;
  /** Errors of JetStream, one for each question. */
  faults?: Error[];
  /** What JetStream takes in one message, if that is less than the instance knows. */
  maxStored?: number;
};

const error = (code: number, name?: string): PlainReply => ({
  error: { code, message: 'fails', data: { code: name } },
});

function start({
  reply = () => ({ result: Buffer.from('1') }),
  faults = [],
  maxStored,
  ...options
}: Setup = {}): World {
  const [outcomes, dead] = [new Map<string, unknown>(), new Map<string, unknown>()];
  const calls: string[] = [];
  const events: string[] = [];
  const log = (...args: unknown[]): void => void events.push(args.at(-1) as string);
  const afterFaults = async <Result>(action: () => Result): Promise<Result> => {
    const fault = faults.shift();
    if (fault !== undefined) throw fault;
    return action();
  };
  const put = (stored: Map<string, unknown>, id: string, body: Uint8Array): void => {
    // As the package says it, for a message longer than max_payload.
    if (body.length > (maxStored ?? 9_000)) throw Object.assign(new Error('max'), { name: 'InvalidArgumentError' });
    stored.set(id, JSON.parse(String(body)));
  };
  const tasks = createTasks({
    calls: {
      async call(method = '', _body, _asks, onReply) {
        calls.push(method);
        onReply(await reply(method));
      },
    },
    store: {
      ackWaitMs: 40,
      hasOutcome: (id) => afterFaults(() => outcomes.has(id)),
      putOutcome: (id, body) => afterFaults(() => put(outcomes, id, body)),
      putDeadLetter: (id, body) => afterFaults(() => put(dead, id, body)),
    },
    log: { info: log, warn: log },
    ...{ maxDeliveries: 3, retryDelayMs: 100, maxPayload: () => 10_000, onFree: () => undefined },
    ...options,
  });
  return {
    ...{ tasks, calls, events, outcomes, dead },
    give(id, task, deliveries = 1) {
      const said: string[] = [];
      const delivery: Delivery = {
        ...{ id, deliveries, data: Buffer.from(JSON.stringify(task)) },
        ack: () => void said.push('ack'),
        nak: (delayMs) => void said.push(`nak ${delayMs}`),
        working: () => void said.push('working'),
      };
      tasks.take(delivery);
      return said;
    },
  };
}

const final = (said: readonly string[]): string[] => said.filter((word) => word !== 'working');

test('a result is stored, and then the task is done', async (t) => {
  const world = start();
  const said = world.give('a', { method: 'm' }, 2);
  await world.tasks.idle;
  t.deepEqual(final(said), ['ack']);
  t.deepEqual(world.outcomes.get('a'), { id: 'a', outcome: 'result', deliveries: 2, result: 1 });
  t.is(world.dead.size, 0);
});

test('a task with an outcome does not run again', async (t) => {
  const world = start();
  world.outcomes.set('a', {});
  const said = world.give('a', { method: 'm' }, 9);
  await world.tasks.idle;
  t.deepEqual([final(said), world.calls], [['ack'], []]);
});

test('a task that fails comes back after twice the time, and in the end is given up', async (t) => {
  const world = start({ reply: () => error(-32_000, 'E_OWN') });
  const said = [1, 2, 3].map((deliveries) => world.give('a', { method: 'm', params: [1] }, deliveries));
  await world.tasks.idle;
  t.deepEqual(said.map(final), [['nak 100'], ['nak 200'], ['ack']]);
  const failure = { code: -32_000, message: 'fails', data: { code: 'E_OWN' } };
  t.deepEqual(world.dead.get('a'), { id: 'a', method: 'm', params: [1], error: failure, deliveries: 3 });
  t.deepEqual(world.outcomes.get('a'), { id: 'a', outcome: 'error', deliveries: 3, error: failure });
  t.deepEqual(world.events, ['task-retried', 'task-retried', 'task-dead']);
});

test('the time between two runs is at most five minutes', async (t) => {
  const world = start({ reply: () => error(-32_000), maxDeliveries: 1_000 });
  const said = world.give('a', { method: 'm' }, 900);
  await world.tasks.idle;
  t.deepEqual(final(said), ['nak 300000']);
});

for (const [name, reply] of [
  ['an unknown method', error(-32_601)],
  ['arguments that do not fit', error(-32_602)],
  ['a result that cannot be sent', error(-32_603, 'ERR_LAUNCHPOOL_RESULT_INVALID')],
  ['a result that is too long', { result: Buffer.from(JSON.stringify('x'.repeat(10_000))) }],
] as const) {
  test(`${name} is given up at once`, async (t) => {
    const world = start({ reply: () => reply });
    const said = world.give('a', { method: 'm' });
    await world.tasks.idle;
    t.deepEqual(final(said), ['ack']);
    t.is(world.dead.size, 1);
    t.like(world.outcomes.get('a'), { outcome: 'error' });
  });
}

test('a task whose instances were lost is given up without a run', async (t) => {
  const world = start();
  const said = world.give('a', { method: 'm' }, 4);
  await world.tasks.idle;
  t.deepEqual([final(said), world.calls], [['ack'], []]);
  t.like(world.dead.get('a'), { deliveries: 3, error: { data: { code: 'ERR_LAUNCHPOOL_OUTCOME_UNKNOWN' } } });
});

test('while JetStream does not answer, a run is not repeated', async (t) => {
  const faults = [new Error('1'), new Error('2'), new Error('3')];
  const world = start({ faults });
  const said = world.give('a', { method: 'm' });
  await world.tasks.idle;
  t.deepEqual([final(said), world.calls], [['ack'], ['m']]);
  t.deepEqual(faults, []);
});

test('a task that runs says so until its outcome', async (t) => {
  const { promise, resolve } = Promise.withResolvers<PlainReply>();
  const world = start({ reply: () => promise });
  const said = world.give('a', { method: 'm' });
  await until(() => said.length >= 3);
  t.deepEqual(final(said), []);
  resolve({ result: Buffer.from('1') });
  await world.tasks.idle;
  t.is(said.at(-1), 'ack');
});

test('an instance that leaves hands back what arrives, and finishes what runs', async (t) => {
  const { promise, resolve } = Promise.withResolvers<PlainReply>();
  const world = start({ reply: (method) => (method === 'held' ? promise : error(-32_800)) });
  const held = world.give('a', { method: 'held' });
  await until(() => world.calls.length === 1);
  const cut = world.give('b', { method: 'cut' });
  world.tasks.leave();
  const late = world.give('c', { method: 'm' });
  t.deepEqual(late, ['nak 0']);
  resolve({ result: Buffer.from('1') });
  await world.tasks.idle;
  t.deepEqual([final(held), final(cut)], [['ack'], ['nak 0']]);
  t.deepEqual(world.calls, ['held', 'cut']);
});

test('an instance that ends hands back what it could not store', async (t) => {
  const faults = Array.from({ length: 100 }, () => new Error('gone'));
  const world = start({ faults });
  const said = world.give('a', { method: 'm' });
  await until(() => faults.length < 100);
  world.tasks.close();
  await world.tasks.idle;
  t.deepEqual(final(said), ['nak 0']);
});

for (const id of ['*', '>', 'a*b', 'ä', '"q"', '', 'a'.repeat(4_040)]) {
  test(`a task with an id that no client makes is removed without a word to JetStream: ${id.slice(0, 9)}`, async (t) => {
    const unasked = () => Promise.reject(new Error('asked'));
    const store = { ackWaitMs: 40, hasOutcome: unasked, putOutcome: unasked, putDeadLetter: unasked };
    const world = start({ store });
    const said = world.give(id, { method: 'm' });
    await world.tasks.idle;
    t.deepEqual([final(said), world.calls, world.events], [['ack'], [], ['task-removed']]);
  });
}

test('the longest method has an outcome and a dead letter', async (t) => {
  const world = start({ reply: (method) => error(-32_601, `E_${method}`) });
  const said = world.give('a', { method: 'x'.repeat(100_000), params: [1] });
  await world.tasks.idle;
  t.deepEqual(final(said), ['ack']);
  const letter = world.dead.get('a') as { method: string };
  t.regex(letter.method, /^x+…$/);
  t.like(letter, { paramsBytes: 3, deliveries: 1, error: { code: -32_601, message: 'fails' } });
  t.like(world.outcomes.get('a'), { outcome: 'error', error: { code: -32_601 } });
});

test('what JetStream never takes becomes shorter, and ends the task in any case', async (t) => {
  const reply = (method: string): PlainReply =>
    method === 'long' ? { result: Buffer.from(JSON.stringify('x'.repeat(1_000))) } : error(-32_601);
  const world = start({ reply, maxStored: 600 });
  const said = ['long', 'm'].map((method) => world.give(method, { method, params: ['p'.repeat(1_000)] }));
  await world.tasks.idle;
  t.deepEqual(said.map(final), [['ack'], ['ack']]);
  t.like(world.outcomes.get('long'), { outcome: 'error', error: { data: { code: 'ERR_LAUNCHPOOL_RESULT_INVALID' } } });
  t.like(world.dead.get('long'), { method: 'long', paramsBytes: 1_004 });
  t.like(world.dead.get('m'), { method: 'm', paramsBytes: 1_004, error: { message: 'fails' } });

  const none = start({ reply, maxStored: 0 });
  const last = none.give('a', { method: 'm' });
  await none.tasks.idle;
  t.deepEqual([final(last), none.dead.size, none.outcomes.size], [['ack'], 0, 0]);
  t.deepEqual(none.events, [...Array(4).fill('jetstream-refused'), 'task-dead']);
});

test.serial('params that JSON.stringify() has no stack for are given up at once', async (t) => {
  const world = start();
  const { stringify } = JSON;
  const depthOf = (value: unknown): number => {
    let depth = 0;
    for (let at = value; Array.isArray(at); at = at[0]) depth += 1;
    return depth;
  };
  const body = Buffer.from(`{"method":"m","params":${'['.repeat(1_000)}${']'.repeat(1_000)}}`);
  // An older Node has a limit; this one has none.
  JSON.stringify = ((value: unknown, ...rest: []) => {
    const { params = value } = Object(value) as { params?: unknown };
    if (depthOf(params) >= 1_000) throw new RangeError('Maximum call stack size exceeded');
    return stringify(value, ...rest);
  }) as typeof stringify;
  try {
    const said: string[] = [];
    const say = (word: string) => () => void said.push(word);
    const words = { ack: say('ack'), nak: say('nak'), working: () => undefined };
    world.tasks.take({ id: 'a', deliveries: 1, data: body, ...words });
    await world.tasks.idle;
    t.deepEqual([said, world.calls], [['ack'], []]);
    t.like(world.outcomes.get('a'), { error: { data: { code: 'ERR_LAUNCHPOOL_PARAMS_INVALID' } } });
    t.like(world.dead.get('a'), { id: 'a', method: 'm' });
  } finally {
    JSON.stringify = stringify;
  }
});

test('a task that fails with an error of the instance itself comes back after a time', async (t) => {
  const calls = {
    call() {
      throw new Error('own');
    },
  };
  const world = start({ calls });
  const said = [1, 2].map((deliveries) => world.give('a', { method: 'm' }, deliveries));
  await world.tasks.idle;
  t.deepEqual(said.map(final), [['nak 100'], ['nak 200']]);
  t.deepEqual(world.events, ['task-failed', 'task-failed']);
});

test.serial('attempts to store leave no listeners behind', async (t) => {
  const faults = [1, 2, 3].map((number) => new Error(String(number)));
  const { signals, result: world } = recordSignals(() => start({ faults }));
  world.give('a', { method: 'm' });
  await world.tasks.idle;
  t.deepEqual(faults, []);
  t.is(signals.length, 1);
  for (const signal of signals) t.is(getEventListeners(signal, 'abort').length, 0);
});
