/** A client of several instances: where requests go, and what becomes of them when instances leave or are lost. */
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { openServiceSession } from '../../../../src/client/nats/nats-session.ts';
import { connectRpc, type RpcClient } from '../../../../src/client/rpc.ts';
import { LaunchpoolError, toPlain } from '../../../../wire/errors.ts';
import { NULL_ID } from '../../../../wire/id-text.ts';
import { encodeError } from '../../../../wire/json-rpc.ts';
import { createServiceDouble, type InstanceDouble, type ServiceDouble } from '../../../helpers/service-double.ts';
import { until } from '../../../helpers/until.ts';

async function connectTo(t: ExecutionContext, service: ServiceDouble): Promise<RpcClient> {
  const client = await connectRpc('nats://double/name', {}, (_target, options, events) =>
    openServiceSession(service, options, events),
  );
  t.teardown(() => client.close());
  return client;
}

type Request = { id?: number; method: string; params?: unknown };

const methodsOf = ({ received }: InstanceDouble): string[] =>
  received.map((payload) => (JSON.parse(payload) as Request).method);

/** Answers with the name of the instance. */
function answer(payload: string, instance: InstanceDouble): void {
  const { id } = JSON.parse(payload) as Request;
  if (id !== undefined) instance.reply(JSON.stringify({ jsonrpc: '2.0', id, result: instance.name }));
}

function replyTo(instance: InstanceDouble, method: string, result: unknown): void {
  const found = instance.received
    .map((payload) => JSON.parse(payload) as Request)
    .find((each) => each.method === method);
  instance.reply(JSON.stringify({ jsonrpc: '2.0', id: found?.id, result }));
}

const codeOf = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    (result) => result,
    (error: LaunchpoolError) => error.code,
  );

test('requests are shared among the instances that were found', async (t) => {
  const service = createServiceDouble();
  for (const name of ['a', 'b', 'c']) service.add(name, answer);
  const client = await connectTo(t, service);
  const results = [];
  for (let call = 0; call < 30; call += 1) results.push(await client.call('m', []));
  for (const name of ['a', 'b', 'c']) t.true(results.filter((result) => result === name).length >= 8, String(results));
});

test('without an instance, connecting fails at once and can be tried again', async (t) => {
  const service = createServiceDouble();
  const error = await t.throwsAsync(connectTo(t, service), { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED' });
  t.true((error as LaunchpoolError).retryable);
  t.regex(error.message, /^no instance of nats:\/\/double\/name answers$/);
  t.true(service.isClosed);
});

test('when the last instance is lost, further calls fail at once, until there is another one', async (t) => {
  const service = createServiceDouble();
  const a = service.add('a', answer);
  const client = await connectTo(t, service);
  await client.call('m', []);
  a.isFound = false;
  a.lose();
  t.is(await codeOf(client.call('m', [])), 'ERR_LAUNCHPOOL_CONNECT_FAILED');
  t.false(client.closed);
  service.add('b', answer);
  t.is(await client.call('m', []), 'b');
});

test('a lost instance: its open calls have an unknown outcome, and only those that may run twice go elsewhere', async (t) => {
  const service = createServiceDouble();
  const a = service.add('a');
  const client = await connectTo(t, service);
  const once = codeOf(client.call('once', []));
  const twice = client.call('twice', [], { repeatable: true });
  await until(() => a.received.length === 2);
  const b = service.add('b', answer);
  a.isFound = false;
  a.lose();
  t.is(await once, 'ERR_LAUNCHPOOL_OUTCOME_UNKNOWN');
  t.is(await twice, 'b');
  t.deepEqual(methodsOf(b), ['twice']);
});

test('a call is repeated once: if the second instance is lost too, its outcome is unknown', async (t) => {
  const service = createServiceDouble();
  const [a, b] = ['a', 'b'].map((name) => service.add(name)) as [InstanceDouble, InstanceDouble];
  const client = await connectTo(t, service);
  const call = client.call('m', [], { repeatable: true });
  const hasIt = (): InstanceDouble | undefined => [a, b].find(({ received }) => received.length > 0);
  await until(() => hasIt() !== undefined);
  const first = hasIt() as InstanceDouble;
  const second = first === a ? b : a;
  first.isFound = false;
  first.lose();
  await until(() => second.received.length === 1);
  second.lose();
  const error = await t.throwsAsync(call, { code: 'ERR_LAUNCHPOOL_OUTCOME_UNKNOWN' });
  t.false((error as LaunchpoolError).retryable);
});

test('what has not reached a lost instance has not run: it goes to another one', async (t) => {
  const service = createServiceDouble();
  const a = service.add('a');
  const client = await connectTo(t, service);
  const first = codeOf(client.call('first', []));
  await until(() => a.received.length === 1);
  // The long form of the header has twelve bytes.
  const reached = 12 + Buffer.byteLength(a.received[0] as string);
  const b = service.add('b', answer);
  const second = client.call('second', []);
  client.notify('note', []);
  a.isFound = false;
  a.lose(reached);
  t.is(await first, 'ERR_LAUNCHPOOL_OUTCOME_UNKNOWN');
  t.is(await second, 'b');
  await until(() => b.received.length === 2);
  t.deepEqual(methodsOf(b), ['second', 'note']);
});

test('a request of which only a part has reached a lost instance has not run', async (t) => {
  const service = createServiceDouble();
  const a = service.add('a');
  const client = await connectTo(t, service);
  const call = client.call('m', ['x'.repeat(1000)]);
  await until(() => a.received.length === 1);
  service.add('b', answer);
  a.isFound = false;
  a.lose(11 + Buffer.byteLength(a.received[0] as string));
  t.is(await call, 'b');
});

test('an instance that leaves: what it has not run goes to another one in order, and it is not joined again', async (t) => {
  const service = createServiceDouble();
  const a = service.add('a');
  const client = await connectTo(t, service);
  const calls = ['m1', 'm2', 'm3'].map((method) => client.call(method, []));
  await until(() => a.received.length === 3);
  replyTo(a, 'm1', 'ran');
  t.is(await calls[0], 'ran');
  const b = service.add('b', answer);
  a.leave(1);
  t.deepEqual(await Promise.all(calls), ['ran', 'b', 'b']);
  t.deepEqual(methodsOf(b), ['m2', 'm3']);
  for (let call = 0; call < 5; call += 1) t.is(await client.call('later', []), 'b');
  t.is(a.links.length, 1);
});

test('a cancelled call is cancelled at its instance, and goes nowhere else', async (t) => {
  const service = createServiceDouble();
  const a = service.add('a');
  const client = await connectTo(t, service);
  const controller = new AbortController();
  const call = client.call('m', [], { signal: controller.signal, repeatable: true });
  await until(() => a.received.length === 1);
  controller.abort(new Error('no more'));
  await t.throwsAsync(call, { message: 'no more' });
  await until(() => a.received.length === 2);
  t.deepEqual(methodsOf(a), ['m', '$/cancelRequest']);
  const b = service.add('b', answer);
  a.leave(0);
  t.is(await client.call('next', []), 'b');
  t.deepEqual(methodsOf(b), ['next']);
});

test('full instances: requests wait for a place in their order, and a cancelled one leaves the queue', async (t) => {
  const service = createServiceDouble();
  const a = service.add('a', undefined, 2);
  const client = await connectTo(t, service);
  const controller = new AbortController();
  const calls = ['m1', 'm2', 'm3', 'm4'].map((method) =>
    codeOf(client.call(method, [], method === 'm3' ? { signal: controller.signal } : {})),
  );
  await until(() => a.received.length === 2);
  controller.abort(Object.assign(new Error(), { code: 'cancelled' }));
  t.is(await calls[2], 'cancelled');
  replyTo(a, 'm1', 1);
  await until(() => a.received.length === 3);
  t.deepEqual(methodsOf(a), ['m1', 'm2', 'm4']);
  replyTo(a, 'm2', 2);
  replyTo(a, 'm4', 4);
  t.deepEqual(await Promise.all(calls), [1, 2, 'cancelled', 4]);
});

test('what waits goes to an instance that starts later', async (t) => {
  const service = createServiceDouble();
  const a = service.add('a', undefined, 1);
  const client = await connectTo(t, service);
  const first = client.call('first', []);
  await until(() => a.received.length === 1);
  service.add('b', answer);
  t.is(await client.call('second', []), 'b');
  replyTo(a, 'first', 'a');
  t.is(await first, 'a');
});

test('places that an instance grants later are used at once', async (t) => {
  const service = createServiceDouble();
  const a = service.add('a', undefined, 1);
  const client = await connectTo(t, service);
  const calls = ['m1', 'm2', 'm3'].map((method) => client.call(method, []));
  await until(() => a.received.length === 1);
  a.grant(2);
  await until(() => a.received.length === 3);
  for (const method of ['m1', 'm2', 'm3']) replyTo(a, method, method);
  t.deepEqual(await Promise.all(calls), ['m1', 'm2', 'm3']);
});

test('beyond the queue of the client, a call is refused as busy and can be tried again', async (t) => {
  const service = createServiceDouble();
  service.add('a', undefined, 1);
  const client = await connectTo(t, service);
  const calls = Array.from({ length: 10_002 }, () => codeOf(client.call('m', [])));
  t.is(await calls.at(-1), 'ERR_LAUNCHPOOL_BUSY');
  const error = await t.throwsAsync(client.call('m', []), { code: 'ERR_LAUNCHPOOL_BUSY' });
  t.deepEqual((error as LaunchpoolError).data, { retryAfterMs: 100 });
  client.close();
  const codes = await Promise.all(calls);
  t.is(codes.filter((code) => code === 'ERR_LAUNCHPOOL_CONNECTION_CLOSED').length, 10_001);
});

test('a stream of a lost instance ends with the error, also if its call may run twice', async (t) => {
  const service = createServiceDouble();
  const a = service.add('a');
  const client = await connectTo(t, service);
  const values = client.open('count', [], { repeatable: true })[Symbol.asyncIterator]();
  const first = values.next();
  await until(() => a.received.length === 1);
  const { id } = JSON.parse(a.received[0] as string) as Request;
  a.reply(JSON.stringify({ jsonrpc: '2.0', method: '$/items', params: { id, values: [1] } }));
  t.deepEqual(await first, { done: false, value: 1 });
  const b = service.add('b', answer);
  a.isFound = false;
  a.lose();
  await t.throwsAsync(values.next(), { code: 'ERR_LAUNCHPOOL_OUTCOME_UNKNOWN' });
  t.deepEqual(b.received, []);
});

test('credit for a stream goes to the instance that sends it', async (t) => {
  const service = createServiceDouble();
  const both = ['a', 'b'].map((name) => service.add(name));
  const client = await connectTo(t, service);
  const streams = ['s1', 's2'].map((method) => client.open(method, [])[Symbol.asyncIterator]());
  const firsts = streams.map((stream) => stream.next());
  await until(() => both.every(({ received }) => received.length === 1));
  const values = Array.from({ length: 3_000 }, (_, index) => index);
  for (const instance of both) {
    const { id } = JSON.parse(instance.received[0] as string) as Request;
    instance.reply(JSON.stringify({ jsonrpc: '2.0', method: '$/items', params: { id, values } }));
  }
  await Promise.all(firsts);
  const [stream] = streams;
  for (let value = 1; value < 3_000; value += 1) await stream?.next();
  await until(() => both.some(({ received }) => received.length > 1));
  const credited = both.filter(({ received }) => received.length > 1);
  t.is(credited.length, 1);
  const [request, more] = (credited[0] as InstanceDouble).received.map((payload) => JSON.parse(payload));
  t.deepEqual([request.method, more.method, more.params.id], ['s1', '$/more', request.id]);
});

test('an instance that cannot be joined keeps no call from the others', async (t) => {
  const service = createServiceDouble();
  service.add('a', answer);
  service.add('b', answer);
  const { open } = service;
  service.open = async (instance) => {
    if (instance === 'a') throw new Error('unreachable');
    return open(instance);
  };
  const client = await connectTo(t, service);
  t.is(await client.call('m', []), 'b');
});

test('if no instance can be joined, the error says why', async (t) => {
  const service = createServiceDouble();
  service.add('a', answer);
  service.open = () => Promise.reject(new Error('unreachable'));
  await t.throwsAsync(connectTo(t, service), {
    code: 'ERR_LAUNCHPOOL_CONNECT_FAILED',
    message: /no instance of nats:\/\/double\/name answers: unreachable/,
  });
});

test('when the connection to NATS is over, so is the session; what an instance has may have run', async (t) => {
  const service = createServiceDouble();
  const a = service.add('a', undefined, 1);
  const client = await connectTo(t, service);
  const call = client.call('m', []);
  await until(() => a.received.length === 1);
  const waiting = [1, 2].map((each) => codeOf(client.call(`waits${each}`, [])));
  service.onClose?.(Object.assign(new Error('gone'), { code: 'GONE' }) as unknown as LaunchpoolError);
  const error = await t.throwsAsync(call, { code: 'ERR_LAUNCHPOOL_OUTCOME_UNKNOWN' });
  t.is((error as { cause?: Error }).cause?.message, 'gone');
  t.deepEqual(await Promise.all(waiting), ['GONE', 'GONE']);
  t.true(client.closed);
});

const nullError = (code: 'ERR_LAUNCHPOOL_BUSY' | 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE'): string =>
  encodeError(NULL_ID, toPlain(new LaunchpoolError(code, 'refused')));

test('an instance that has as many conversations as it takes: the calls of others go on, and its own go to them', async (t) => {
  const service = createServiceDouble();
  const a = service.add('a');
  const client = await connectTo(t, service);
  const running = client.call('running', []);
  await until(() => a.received.length === 1);
  // At its limit, an instance says so to everybody who opens a link.
  const b = service.add('b', (_payload, instance) => instance.reply(nullError('ERR_LAUNCHPOOL_BUSY')));
  const others = ['m1', 'm2', 'm3'].map((method) => client.call(method, []));
  await until(() => b.links.length === 1 || a.received.length === 4);
  await until(() => a.received.length === 4);
  for (const method of ['m1', 'm2', 'm3', 'running']) replyTo(a, method, method);
  t.deepEqual(await Promise.all(others), ['m1', 'm2', 'm3']);
  t.is(await running, 'running');
  t.false(client.closed);
});

test('if every instance has as many conversations as it takes, a call is refused as busy, and the client goes on', async (t) => {
  const service = createServiceDouble();
  const a = service.add('a', (_payload, instance) => instance.reply(nullError('ERR_LAUNCHPOOL_BUSY')));
  const client = await connectTo(t, service);
  const error = await t.throwsAsync(client.call('m', []), { code: 'ERR_LAUNCHPOOL_BUSY' });
  t.true((error as LaunchpoolError).retryable);
  t.is(a.links.length, 1);
  service.add('b', answer);
  t.is(await client.call('m', []), 'b');
});

test('a frame that an instance refuses fails its own call; what comes behind it has not run', async (t) => {
  const service = createServiceDouble();
  const a = service.add('a');
  const client = await connectTo(t, service);
  const calls = ['long', 'm2', 'm3'].map((method) => codeOf(client.call(method, [])));
  client.notify('note', []);
  await until(() => a.received.length === 4);
  const b = service.add('b', answer);
  a.reply(nullError('ERR_LAUNCHPOOL_FRAME_TOO_LARGE'));
  t.deepEqual(await Promise.all(calls), ['ERR_LAUNCHPOOL_FRAME_TOO_LARGE', 'b', 'b']);
  await until(() => b.received.length === 3);
  t.deepEqual(methodsOf(b), ['m2', 'm3', 'note']);
});

for (const [what, frame] of [
  ['is no JSON', '{'],
  ['is no JSON-RPC', '[1, 2]'],
] as const) {
  test(`a frame that ${what} ends the conversation with its instance alone`, async (t) => {
    const service = createServiceDouble();
    const [a, b] = [service.add('a'), service.add('b')];
    const client = await connectTo(t, service);
    const calls = ['m1', 'm2'].map((method) => codeOf(client.call(method, [])));
    await until(() => a.received.length === 1 && b.received.length === 1);
    a.isFound = false;
    a.reply(frame);
    const [ofA, ofB] = methodsOf(a)[0] === 'm1' ? calls : calls.toReversed();
    t.is(await ofA, 'ERR_LAUNCHPOOL_OUTCOME_UNKNOWN');
    replyTo(b, methodsOf(b)[0] as string, 'b');
    t.is(await ofB, 'b');
    t.false(client.closed);
  });
}

test('an instance answers its own calls alone', async (t) => {
  const service = createServiceDouble();
  const [a, b] = [service.add('a'), service.add('b')];
  const client = await connectTo(t, service);
  const calls = ['m1', 'm2'].map((method) => client.call(method, []));
  await until(() => a.received.length === 1 && b.received.length === 1);
  const [ownId, otherId] = [a, b].map(({ received }) => (JSON.parse(received[0] as string) as Request).id);
  for (const id of [otherId, ownId]) a.reply(JSON.stringify({ jsonrpc: '2.0', id, result: 'of a' }));
  replyTo(b, methodsOf(b)[0] as string, 'of b');
  t.deepEqual(await Promise.all(calls), methodsOf(a)[0] === 'm1' ? ['of a', 'of b'] : ['of b', 'of a']);
});

test('an instance that ends each conversation at once is not joined again and again', async (t) => {
  const service = createServiceDouble();
  const a = service.add('a', (_payload, instance) => instance.lose(0));
  const client = await connectTo(t, service);
  const error = await t.throwsAsync(client.call('m', []), { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED' });
  t.is((error as { cause?: LaunchpoolError }).cause?.code, 'ERR_LAUNCHPOOL_CONNECTION_CLOSED');
  t.is(a.links.length, 1);
});

test('the first instance may end at once: another one is waited for', async (t) => {
  const service = createServiceDouble();
  service.add('a');
  service.add('b', answer);
  const { open } = service;
  const opening = Promise.withResolvers<void>();
  service.open = async (instance) => {
    const link = await open(instance);
    if (instance === 'b') await opening.promise;
    else {
      link.stream.destroy(new Error('gone'));
      setImmediate(opening.resolve);
    }
    return link;
  };
  const client = await connectTo(t, service);
  t.is(await client.call('m', []), 'b');
});

test('an instance that fails at once gets no more than its share of the calls', async (t) => {
  const service = createServiceDouble();
  const served = new Map<string, number>();
  const count = ({ name }: InstanceDouble): void => void served.set(name, (served.get(name) ?? 0) + 1);
  for (const name of ['a', 'b', 'c'])
    service.add(name, (payload, instance) => {
      count(instance);
      setTimeout(answer, 20, payload, instance);
    });
  service.add('broken', (payload, instance) => {
    count(instance);
    const { id } = JSON.parse(payload) as Request;
    instance.reply(JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32000, message: 'no database' } }));
  });
  const client = await connectTo(t, service);
  let left = 400;
  const caller = async (): Promise<void> => {
    for (; left > 0; ) {
      left -= 1;
      await client.call('m', []).catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: 8 }, caller));
  t.true((served.get('broken') ?? 0) < 200, JSON.stringify([...served]));
});

test('a link is told when requests are open, and the process stays for them', async (t) => {
  const service = createServiceDouble();
  const a = service.add('a');
  const client = await connectTo(t, service);
  const calls = [client.call('m1', []), client.call('m2', [])];
  await until(() => a.received.length === 2);
  t.true(service.isKeptAlive);
  for (const method of ['m1', 'm2']) replyTo(a, method, 0);
  await Promise.all(calls);
  t.deepEqual(a.busy, [true, false]);
  t.false(service.isKeptAlive);
});

test('every call has one outcome and none runs twice, whatever becomes of the instances', async (t) => {
  const step = fc.record({ instance: fc.nat({ max: 2 }), end: fc.constantFrom('lose', 'leave') });
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 6 }),
    fc.integer({ min: 1, max: 20 }),
    async (steps, count) => {
      const service = createServiceDouble();
      const ran = new Map<string, number>();
      let answered = 0;
      const run = (payload: string, instance: InstanceDouble): void => {
        const { method } = JSON.parse(payload) as Request;
        ran.set(method, (ran.get(method) ?? 0) + 1);
        answered += 1;
        answer(payload, instance);
      };
      const instances = [0, 1, 2].map((index) => service.add(`i${index}`, run, 2));
      const client = await connectTo(t, service);
      const outcomes = Array.from({ length: count }, (_, index) => codeOf(client.call(`m${index}`, [])));
      for (const { instance, end } of steps) {
        await Promise.resolve();
        const one = instances[instance] as InstanceDouble;
        if (one.links.length === 0) continue;
        if (end === 'lose') one.lose();
        else one.leave(one.received.length);
        await new Promise(setImmediate);
      }
      const all = await Promise.all(outcomes);
      client.close();
      t.is(all.length, count);
      t.true(
        [...ran.values()].every((times) => times === 1),
        JSON.stringify([...ran]),
      );
      t.true(all.filter((outcome) => String(outcome).startsWith('i')).length <= answered);
    },
  );
  await fc.assert(property, { numRuns: 100 });
});
