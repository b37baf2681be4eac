/** Any value that a handler returns or throws is the outcome of its own request, and of no other. */
import { setImmediate as turn } from 'node:timers/promises';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import test from 'ava';
import fc from 'fast-check';
import { encodeTextFrame } from '../../wire/frame.ts';
import { offer } from '../../workers/control-word.ts';
import type { RawHandler } from '../../workers/handlers.ts';
import { createLateReplies } from '../../workers/late-replies.ts';
import { createReplyAccount, returnUnits } from '../../workers/reply-account.ts';
import { createRequests } from '../../workers/requests.ts';
import { createBatchRunner } from '../../workers/run-batch.ts';
import { rawRunner } from '../../workers/run-raw.ts';
import { rpcRunner } from '../../workers/run-rpc.ts';
import type { Runner } from '../../workers/runner.ts';
import { OUTPUT_BYTES, PENDING, SLOT_BYTES, type Slot, slotsOf } from '../../workers/slot.ts';
import { type ByteRange, type LongResult, newClaim, type Outcome, type ThreadMessage } from '../../workers/task.ts';

// Each rig flushes its late replies when the process exits.
process.setMaxListeners(50);

/** The text of a reply, or the code and the message of an error. */
type Seen = string | { code: unknown; message: string };

const textOf = (memory: ArrayBufferLike, { from, to }: ByteRange): string =>
  Buffer.from(memory, from, to - from).toString('utf8', 4);

function seenOf({ reply, failure, range }: Outcome, memory: ArrayBufferLike | undefined): Seen {
  if (memory !== undefined && range !== undefined) return textOf(memory, range);
  if (failure !== undefined) return { code: failure.code, message: failure.message };
  return Buffer.from(reply ?? []).toString('utf8', 4);
}

/** A worker whose late replies cross a real port, as between threads. */
function createRig(runner: Runner) {
  const { port1, port2 } = new MessageChannel();
  const account = createReplyAccount();
  const lateReplies = createLateReplies({ send: (message, memory) => port1.postMessage(message, memory), account });
  const batches = createBatchRunner({
    ...{ runner, lateReplies, requests: createRequests({}), threadId: 7, concurrency: 1_000 },
  });

  function received(memory?: ArrayBufferLike): Map<string, Seen> {
    const late = new Map<string, Seen>();
    for (let next = receiveMessageOnPort(port2); next !== undefined; next = receiveMessageOnPort(port2)) {
      const { outcomes, units } = next.message as ThreadMessage & { launchpool: 'late-replies' };
      returnUnits(account, units);
      for (const outcome of outcomes) late.set(`${outcome.ticket}.${outcome.index}`, seenOf(outcome, memory));
    }
    return late;
  }

  return {
    /** Returns what each request's caller sees. */
    async run(requests: readonly string[]): Promise<(Seen | undefined)[]> {
      const [slot] = slotsOf(new SharedArrayBuffer(SLOT_BYTES)) as [Slot];
      Buffer.concat(requests.map(encodeTextFrame)).copy(slot.input);
      slot.states.fill(PENDING, 0, requests.length);
      slot.ticket = 41;
      offer(slot.control, requests.length);
      await batches.run(slot);
      for (let turns = 0; turns < 6; turns += 1) await turn();
      const late = received();
      return requests.map((_request, index) => {
        const [state, start] = [slot.states[index] as number, slot.starts[index] as number];
        return state > 0 ? slot.output.toString('utf8', start + 4, start + state) : late.get(`41.${index}`);
      });
    },
    async runLong(request: Uint8Array<SharedArrayBuffer>): Promise<Seen | undefined> {
      const claim = newClaim();
      const [{ range } = {}] = batches.runLong([{ ticket: -1, request, claim }]).results as [LongResult];
      for (let turns = 0; turns < 6; turns += 1) await turn();
      const late = received(request.buffer).get('-1.0');
      return range === undefined ? late : textOf(request.buffer, range);
    },
    close: () => port1.close(),
  };
}

const INVALID = 'ERR_LAUNCHPOOL_RESULT_INVALID';
const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const fail = (): never => {
  throw new Error('a getter');
};

function detached(of: Uint8Array<ArrayBuffer>): Uint8Array {
  structuredClone(of.buffer, { transfer: [of.buffer] });
  return of;
}

function resizable(text: string, max = 64): Uint8Array<ArrayBuffer> {
  const view = new Uint8Array(new ArrayBuffer(text.length, { maxByteLength: max }));
  view.set(bytes(text));
  return view;
}

function growable(text: string): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(text.length, { maxByteLength: 64 });
  new Uint8Array(memory).set(bytes(text));
  return memory;
}

class Boasting extends Uint8Array {
  override get length(): number {
    return 2 ** 31;
  }
  override get byteLength(): number {
    return -1;
  }
  override get byteOffset(): number {
    return fail();
  }
  override get buffer(): never {
    return fail();
  }
}

/** A thenable, by these properties of its `then`. */
const thenable = (then: PropertyDescriptor): object => Object.defineProperty({}, 'then', then);

function revoked(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** How often `then` of a result is read before it is a function. */
function thenLater(reads: number): Uint8Array {
  let left = reads;
  return Object.defineProperty(bytes('later'), 'then', {
    get: () => {
      left -= 1;
      return left < 0 ? (resolve: (value: unknown) => void) => resolve(bytes('later')) : undefined;
    },
  });
}

/** What a raw handler makes of its message, and what its caller sees: text, or the code of the failure. */
const RESULTS: Readonly<Record<string, readonly [make: (message: Uint8Array) => unknown, seen: string | RegExp]>> = {
  'the message': [(message) => message, 'm'],
  'the message, transferred': [(message) => detached(message as never), /./],
  'a view of the transferred message': [
    (message) => {
      const view = new Uint8Array(message.buffer, 0, 1);
      detached(message as never);
      return view;
    },
    /./,
  ],
  'a transferred ArrayBuffer': [() => detached(bytes('x')).buffer, /./],
  'a view of a transferred ArrayBuffer': [
    () => {
      const view = new DataView(bytes('x').buffer);
      detached(new Uint8Array(view.buffer));
      return view;
    },
    /./,
  ],
  'a resizable array': [() => resizable('grows'), 'grows'],
  'a resizable array that became larger': [
    () => {
      const view = resizable('gro');
      view.buffer.resize(5);
      view.set(bytes('ws'), 3);
      return view;
    },
    'grows',
  ],
  'a resizable array that became smaller': [
    () => {
      const view = resizable('shrinks');
      view.buffer.resize(6);
      return view;
    },
    'shrink',
  ],
  'a view beyond memory that became smaller': [
    () => {
      const view = new Uint8Array(resizable('shrinks').buffer, 0, 7);
      view.buffer.resize(3);
      return view;
    },
    /./,
  ],
  'a growable SharedArrayBuffer': [() => growable('shared'), 'shared'],
  'an array of growable memory': [
    () => {
      const memory = growable('shar');
      const view = new Uint8Array(memory);
      memory.grow(6);
      view.set(bytes('ed'), 4);
      return view;
    },
    'shared',
  ],
  'a class with a length of its own': [() => new Boasting(bytes('boast')), 'boast'],
  'an object with a length of its own': [
    () => Object.defineProperties(bytes('own'), { length: { get: fail }, byteLength: { value: 1e9 } }),
    'own',
  ],
  'numbers of 16 bits with a length of their own': [
    () => Object.defineProperty(new Uint16Array(bytes('16').buffer), 'byteLength', { get: fail }),
    '16',
  ],
  'an array with a throwing tag': [
    () => Object.defineProperty(bytes('tagged'), Symbol.toStringTag, { get: fail }),
    'tagged',
  ],
  'an array without a prototype': [() => Object.setPrototypeOf(bytes('bare'), null), 'bare'],
  'an object with the prototype of an array': [() => Object.create(Uint8Array.prototype), /./],
  'a proxy of an array': [() => new Proxy(bytes('x'), {}), /./],
  'a revoked proxy': [revoked, /./],
  'an object that throws for each property': [() => new Proxy({}, { get: fail }), /./],
  'a thenable whose then throws': [() => thenable({ get: fail }), /./],
  'a thenable that throws when it is called': [() => thenable({ value: fail }), /./],
  'a thenable that settles twice': [
    () =>
      thenable({
        value: (resolve: (value: unknown) => void, reject: (error: unknown) => void) => {
          resolve(bytes('once'));
          reject(new Error('twice'));
          resolve(bytes('twice'));
        },
      }),
    'once',
  ],
  'a thenable of a thenable': [
    () =>
      thenable({
        value: (resolve: (value: unknown) => void) =>
          resolve(thenable({ value: (inner: typeof resolve) => inner(bytes('inner')) })),
      }),
    'inner',
  ],
  'an array that is a thenable the second time': [() => thenLater(1), 'later'],
  'an array that is a thenable the third time': [() => thenLater(2), 'later'],
  'a promise with a constructor that throws': [
    () => Object.defineProperty(Promise.resolve(bytes('x')), 'constructor', { get: fail }),
    /./,
  ],
  'a promise of a class that makes other objects': [
    () => {
      class Other {
        constructor(executor: (resolve: () => void, reject: () => void) => void) {
          executor(
            () => undefined,
            () => undefined,
          );
        }
        static get [Symbol.species](): unknown {
          return Other;
        }
      }
      return Object.defineProperty(Promise.resolve(bytes('species')), 'constructor', { value: Other });
    },
    'species',
  ],
  'more than fits into a slot': [() => new Uint8Array(OUTPUT_BYTES).fill(0x78), 'x'.repeat(OUTPUT_BYTES)],
  'more than fits, of a class with a length of its own': [
    () => new Boasting(bytes('y'.repeat(OUTPUT_BYTES))),
    'y'.repeat(OUTPUT_BYTES),
  ],
};

/** When the result is there: at once, after a microtask, or in a later turn of the event loop. */
const WHEN = ['at once', 'soon', 'late', 'rejected', 'thrown'] as const;

function handlerOf(name: string, when: (typeof WHEN)[number]): RawHandler {
  const [make] = RESULTS[name] as (typeof RESULTS)[string];
  return (message) => {
    if (when === 'at once') return make(message);
    if (when === 'thrown') throw make(message);
    if (when === 'rejected') return Promise.resolve().then(() => Promise.reject(make(message)));
    return (when === 'soon' ? Promise.resolve() : turn()).then(() => make(message));
  };
}

test('for any result of raw handlers, each request has its own outcome', async (t) => {
  const cases = Object.keys(RESULTS).flatMap((name) => WHEN.map((when) => ({ name, when })));
  let handlers: RawHandler[] = [];
  const rig = createRig(rawRunner((message) => handlers.shift()?.(message)));
  t.teardown(rig.close);
  const property = fc.asyncProperty(fc.shuffledSubarray(cases, { minLength: 1 }), async (chosen) => {
    // Before and behind each one, a request of another caller.
    handlers = chosen.flatMap(({ name, when }) => [() => bytes('before'), handlerOf(name, when)]);
    handlers.push(() => bytes('behind'));
    const seen = await rig.run(Array.from(handlers, () => 'm'));
    for (const [at, { name, when }] of chosen.entries()) {
      t.is(seen[2 * at], 'before', `before ${name}, ${when}`);
      const [, expected] = RESULTS[name] as (typeof RESULTS)[string];
      const outcome = seen[2 * at + 1];
      const what = `${name}, ${when}`;
      if (when === 'thrown' || when === 'rejected')
        t.is(typeof (outcome as { message: string }).message, 'string', what);
      else if (typeof expected === 'string') t.is(outcome, expected, what);
      else t.is(typeof (outcome as { message: string }).message, 'string', what);
    }
    t.is(seen.at(-1), 'behind');
    return true;
  });
  await fc.assert(property, { numRuns: 5, examples: [[cases]] });
});

for (const name of [
  'the message, transferred',
  'a view beyond memory that became smaller',
  'a transferred ArrayBuffer',
]) {
  test(`${name}: the error says that the result is not valid`, async (t) => {
    let handle: RawHandler = fail;
    const rig = createRig(rawRunner((message) => handle(message)));
    t.teardown(rig.close);
    for (const when of ['at once', 'soon', 'late'] as const) {
      handle = handlerOf(name, when);
      t.like((await rig.run(['m']))[0], { code: INVALID }, when);
      const message = new Uint8Array(new SharedArrayBuffer(4096), 4, 1).fill(0x6d);
      t.like(await rig.runLong(message), { code: INVALID }, when);
    }
  });
}

test('memory that becomes smaller between the resolution of a promise and its reply is not valid', async (t) => {
  const view = new Uint8Array(resizable('shrinks').buffer, 0, 7);
  const rig = createRig(
    rawRunner(() =>
      thenable({
        value: (resolve: (value: unknown) => void) => {
          resolve(view);
          view.buffer.resize(3);
        },
      }),
    ),
  );
  t.teardown(rig.close);
  t.like((await rig.run(['m']))[0], { code: INVALID });
});

test('a long message may be transferred, borrowed or not, and long results may be of any class', async (t) => {
  for (const borrows of [false, true]) {
    let handle: RawHandler = fail;
    const rig = createRig(rawRunner((message) => handle(message), { borrows }));
    t.teardown(rig.close);
    for (const name of Object.keys(RESULTS)) {
      handle = handlerOf(name, 'at once');
      const seen = await rig.runLong(new Uint8Array(new SharedArrayBuffer(4096), 4, 1).fill(0x6d));
      t.not(seen, undefined, name);
      const [, expected] = RESULTS[name] as (typeof RESULTS)[string];
      if (typeof expected === 'string') t.is(seen, expected, name);
    }
  }
});

test('a reply that the handler keeps and changes is sent as it was', async (t) => {
  const kept = bytes('kept');
  const rig = createRig(
    rawRunner(async () => {
      await turn();
      setImmediate(() => kept.fill(0));
      return kept;
    }),
  );
  t.teardown(rig.close);
  t.deepEqual(await rig.run(['m']), ['kept']);
  t.is(kept.length, 4);
});

/** Results and errors of methods; each caller gets a response with its own id. */
const VALUES: Readonly<Record<string, () => unknown>> = {
  'a revoked proxy': revoked,
  'a throwing getter': () => ({
    get value() {
      return fail();
    },
  }),
  'a throwing toJSON': () => ({ toJSON: fail }),
  'a toJSON that returns a function': () => ({ toJSON: () => fail }),
  'a cyclic object': () => {
    const self: Record<string, unknown> = {};
    return Object.assign(self, { self });
  },
  'a symbol': () => Symbol('s'),
  'a BigInt': () => 1n,
  'a thenable whose then throws': () => thenable({ get: fail }),
  'a proxy that throws for everything': () =>
    new Proxy({}, { get: fail, ownKeys: fail, getPrototypeOf: fail, has: fail }),
  'a detached array': () => detached(bytes('x')),
  'an error with throwing getters': () =>
    Object.defineProperties(
      new Error('e'),
      Object.fromEntries(['message', 'stack', 'name', 'code', 'cause', 'data'].map((name) => [name, { get: fail }])),
    ),
  'an error with a revoked cause': () => new Error('e', { cause: revoked() }),
  'an error whose data is a function': () => Object.assign(new Error('e'), { data: fail }),
};

for (const mode of ['returns', 'throws', 'resolves', 'rejects'] as const) {
  test(`a method that ${mode} any value: each caller gets one response with its own id`, async (t) => {
    const make = (name: string): unknown => {
      const value = VALUES[name]?.();
      if (mode === 'returns') return value;
      if (mode === 'throws') throw value;
      return turn().then(() => (mode === 'resolves' ? value : Promise.reject(value)));
    };
    const rig = createRig(rpcRunner((name) => (name === 'add' ? 3 : make(name)), { exposeStacks: true }));
    t.teardown(rig.close);
    const calls = Object.keys(VALUES).flatMap((method) => [method, 'add']);
    const single = calls.map((method, id) => JSON.stringify({ jsonrpc: '2.0', id, method }));
    const seen = await rig.run([...single, `[${single.join()}]`]);
    const responses = [
      ...seen.slice(0, -1).map((text) => JSON.parse(text as string)),
      ...JSON.parse(seen.at(-1) as string),
    ];
    for (const [at, response] of responses.entries()) {
      t.is(response.id, at % calls.length);
      if (calls[response.id] === 'add') t.is(response.result, 3);
      else t.true('error' in response || 'result' in response);
    }
  });
}

test('responses that are too long for one text are errors, and cost no other request its reply', async (t) => {
  const { join } = Array.prototype;
  const rig = createRig(rpcRunner(() => 3, { exposeStacks: false }));
  t.teardown(rig.close);
  const [a, b] = ['a', 'b'].map((id) => JSON.stringify({ jsonrpc: '2.0', id, method: 'long' }));
  const requests = [`[${a},${b}]`, b as string];
  // A text of half a gigabyte has the same effect.
  Array.prototype.join = function fail() {
    Array.prototype.join = join;
    throw new RangeError('Invalid string length');
  };
  const [batch, single] = (await rig.run(requests)) as [string, string];
  t.is(JSON.parse(single).result, 3);
  t.deepEqual(
    JSON.parse(batch).map((response: { id: string; error: { data: { code: string } } }) => [
      response.id,
      response.error.data.code,
    ]),
    [
      ['a', INVALID],
      ['b', INVALID],
    ],
  );
});

test('an outcome that no message can carry is a failure of its own request only', async (t) => {
  const sent: Outcome[] = [];
  const lateReplies = createLateReplies({
    send: (message) => sent.push(...(structuredClone(message) as ThreadMessage & { outcomes: Outcome[] }).outcomes),
  });
  lateReplies.add({ ticket: 1, index: 0, reply: bytes('one') });
  lateReplies.add({ ticket: 2, index: 0, failure: { name: 'Error', message: 'm', data: fail } });
  lateReplies.add({ ticket: 3, index: 0, reply: bytes('three') });
  await turn();
  await turn();
  t.like(sent, [{ ticket: 1 }, { ticket: 2, failure: { name: 'DataCloneError' } }, { ticket: 3 }]);
});
