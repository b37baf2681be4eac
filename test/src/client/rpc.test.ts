/** The RPC client against a server in the test: matching of replies to calls, and the outcomes of a call. */
import { getEventListeners } from 'node:events';
import test from 'ava';
import fc from 'fast-check';
import { connectRpc } from '../../../src/client/rpc.ts';
import { encodeError, encodeResult } from '../../../wire/json-rpc.ts';
import { serveFrames } from '../../helpers/frame-server.ts';

type Request = { id: number; method: string; params?: unknown[] };

const read = (payload: Buffer): Request => JSON.parse(payload.toString());
const reply = (id: number | string, result: unknown): string => encodeResult(String(id), result);

/** The order in which replies come, and the number of them that share a frame, as a batch. */
const schedules = fc.integer({ min: 1, max: 12 }).chain((calls) =>
  fc.record({
    order: fc.shuffledSubarray([...Array(calls).keys()], { minLength: calls }),
    perFrame: fc.integer({ min: 1, max: 3 }),
  }),
);

test('replies are matched to their calls, whatever their order and however they are batched', async (t) => {
  let schedule: { order: number[]; perFrame: number } = { order: [], perFrame: 1 };
  let requests: Request[] = [];
  const { path } = await serveFrames(t, (payload, peer) => {
    requests.push(read(payload));
    const { order, perFrame } = schedule;
    if (requests.length < order.length) return;
    const replies = order.map((index) => requests[index] as Request).map(({ id, params }) => reply(id, params?.[0]));
    while (replies.length > 0) {
      const group = replies.splice(0, perFrame);
      peer.send(group.length === 1 ? (group[0] as string) : `[${group.join(',')}]`);
    }
  });
  const client = await connectRpc(path);
  const property = fc.asyncProperty(schedules, async (next) => {
    schedule = next;
    requests = [];
    const results = await Promise.all(next.order.map((_unused, index) => client.call('echo', [`value ${index}`])));
    t.deepEqual(
      results,
      next.order.map((_unused, index) => `value ${index}`),
    );
  });
  await fc.assert(property, { numRuns: 300 });
  client.close();
});

test('a call that times out is rejected, its late reply is ignored, and the next call is unaffected', async (t) => {
  const [requests, received]: [Request[], Request[]] = [[], []];
  const { path } = await serveFrames(t, (payload, peer) => {
    const request = read(payload);
    received.push(request);
    if (request.id !== undefined) requests.push(request);
    if (requests.length === 2) peer.send(...requests.map(({ id, method }) => reply(id, method)));
  });
  const client = await connectRpc(path);
  await t.throwsAsync(client.call('first', [], { timeoutMs: 20 }), {
    code: 'ERR_LAUNCHPOOL_CALL_TIMEOUT',
    message: /first.*20 ms/,
  });
  t.is(await client.call('second', []), 'second');
  t.like(received[0], { method: 'first', timeoutMs: 20 });
  t.like(received[1], { method: '$/cancelRequest', params: { id: received[0]?.id } });
  client.close();
});

for (const timeoutMs of [0, undefined, 2 ** 31, Number.POSITIVE_INFINITY]) {
  test(`a timeoutMs of ${timeoutMs} does not cancel the call at once`, async (t) => {
    const { path } = await serveFrames(t, (payload, peer) => {
      setTimeout(() => peer.send(reply(read(payload).id, 'slowly')), 100);
    });
    const client = await connectRpc(path);
    t.is(await client.call('slow', [], { timeoutMs }), 'slowly');
    client.close();
  });
}

test('an aborted call is rejected with the reason, its late reply is ignored, and the next call is unaffected', async (t) => {
  const abort = new AbortController();
  const reason = new Error('changed my mind');
  const [requests, received]: [Request[], Request[]] = [[], []];
  const { path } = await serveFrames(t, (payload, peer) => {
    const request = read(payload);
    received.push(request);
    if (request.id === undefined) return;
    requests.push(request);
    if (requests.length === 1) abort.abort(reason);
    else peer.send(...requests.map(({ id, method }) => reply(id, method)));
  });
  const client = await connectRpc(path);
  t.is(await t.throwsAsync(client.call('first', [], { signal: abort.signal })), reason);
  t.is(await client.call('second', []), 'second');
  t.like(received[1], { method: '$/cancelRequest', params: { id: received[0]?.id } });
  client.close();
});

test('a call whose signal has fired already is rejected with the reason and not sent', async (t) => {
  const methods: string[] = [];
  const { path } = await serveFrames(t, (payload, peer) => {
    methods.push(read(payload).method);
    peer.send(reply(read(payload).id, null));
  });
  const client = await connectRpc(path);
  const reason = new Error('too late');
  t.is(await t.throwsAsync(client.call('first', [], { signal: AbortSignal.abort(reason) })), reason);
  await client.call('second', []);
  t.deepEqual(methods, ['second']);
  client.close();
});

test('a settled call leaves no listener at its signal, which may fire later', async (t) => {
  const { path } = await serveFrames(t, (payload, peer) => peer.send(reply(read(payload).id, 'done')));
  const client = await connectRpc(path);
  const abort = new AbortController();
  t.is(await client.call('quick', [], { signal: abort.signal, timeoutMs: 60_000 }), 'done');
  t.is(getEventListeners(abort.signal, 'abort').length, 0);
  abort.abort();
  t.is(await client.call('next', []), 'done');
  client.close();
});

test('a reply without a call is ignored', async (t) => {
  const { path } = await serveFrames(t, (payload, peer) => {
    const { id } = read(payload);
    peer.send(reply(id + 1000, 'wrong'), reply('"text"', 'wrong'), reply(id, 'right'));
  });
  const client = await connectRpc(path);
  t.is(await client.call('any', []), 'right');
  client.close();
});

test('a notification has no id and does not wait', async (t) => {
  const { path } = await serveFrames(t, (payload, peer) => {
    const request = read(payload);
    if (request.method === 'ask') peer.send(reply(request.id, 'answer'));
    else t.deepEqual(request as unknown, { jsonrpc: '2.0', method: 'tell', params: [1] });
  });
  t.plan(2);
  const client = await connectRpc(path);
  client.notify('tell', [1]);
  t.is(await client.call('ask', []), 'answer');
  client.close();
});

test('a result that is not there arrives as null', async (t) => {
  const { path } = await serveFrames(t, (payload, peer) => peer.send(reply(read(payload).id, undefined)));
  const client = await connectRpc(path);
  t.is(await client.call('nothing', []), null);
  client.close();
});

test("an error carries the handler's name, code, message and data", async (t) => {
  const thrown = { name: 'RangeError', message: 'too far', code: 'E_TEST', data: { at: [7] } };
  const { path } = await serveFrames(t, (payload, peer) => peer.send(encodeError(String(read(payload).id), thrown)));
  const client = await connectRpc(path);
  const error = await t.throwsAsync(client.call('fail', []));
  t.like(error, { ...thrown, remote: true, retryable: false });
  client.close();
});

test('params that JSON cannot represent reject the call, and the next one is unaffected', async (t) => {
  const { path } = await serveFrames(t, (payload, peer) => peer.send(reply(read(payload).id, 'fine')));
  const client = await connectRpc(path);
  await t.throwsAsync(() => client.call('first', [Symbol('x')]), { message: /a symbol/ });
  t.is(await client.call('second', []), 'fine');
  client.close();
});
