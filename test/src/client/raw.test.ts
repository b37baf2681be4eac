/** The raw client against a server in the test: every request gets the reply that is its own, by its place in the row. */
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { connectRaw, type RawClient } from '../../../src/client/index.ts';
import { framesOf, serveFrames } from '../../helpers/frame-server.ts';

const CLOSED = { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' };

/** Up to this many bytes a request is written in one piece with its header. */
const COPY_BYTES = 16 * 1024;

test('replies find their requests, wherever the stream is cut', async (t) => {
  let awaited = 0;
  let cuts: number[] = [];
  let requests: Buffer[] = [];
  const { path } = await serveFrames(t, async (payload, { socket }) => {
    requests.push(Buffer.from(payload));
    if (requests.length < awaited) return;
    const stream = framesOf(...requests);
    const edges = [0, ...cuts.map((cut) => cut % stream.length).sort((a, b) => a - b), stream.length];
    for (const [index, edge] of edges.entries()) {
      socket.write(stream.subarray(edges[index - 1] ?? 0, edge));
      await turn();
    }
  });
  const client = await connectRaw(path);
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 8 });
  const property = fc.asyncProperty(messages, fc.array(fc.nat(), { maxLength: 5 }), async (sent, cutAt) => {
    awaited = sent.length;
    cuts = cutAt;
    requests = [];
    const replies = await Promise.all(sent.map((message) => client.request(message)));
    t.deepEqual(
      replies.map((reply) => new Uint8Array(reply)),
      sent,
    );
  });
  await fc.assert(property, { numRuns: 300 });
  client.close();
});

for (const size of [0, 1, COPY_BYTES, COPY_BYTES + 1, 3 * 1024 * 1024]) {
  test(`a message of ${size} bytes arrives whole, and so does its reply`, async (t) => {
    const { path } = await serveFrames(t, (payload, peer) => peer.send(payload));
    const client = await connectRaw(path);
    const message = Buffer.alloc(size, 'launchpool');
    t.true(message.equals(await client.request(message)));
    client.close();
  });
}

test('text is sent as UTF-8', async (t) => {
  const { path } = await serveFrames(t, (payload, peer) => peer.send(payload.toString('hex')));
  const client = await connectRaw(path);
  t.is((await client.request('ä€')).toString(), Buffer.from('ä€').toString('hex'));
  client.close();
});

test('a reply that is kept does not change with the next ones', async (t) => {
  const { path } = await serveFrames(t, (payload, peer) => peer.send(payload));
  const client = await connectRaw(path);
  const kept = await client.request('first');
  for (let index = 0; index < 50; index += 1) await client.request('other');
  t.is(kept.toString(), 'first');
  client.close();
});

const waysToGiveUp: ReadonlyArray<[string, (client: RawClient) => Promise<unknown>, { code?: string; name?: string }]> =
  [
    [
      'takes too long',
      (client) => client.request('given up', { timeoutMs: 20 }),
      { code: 'ERR_LAUNCHPOOL_CALL_TIMEOUT' },
    ],
    [
      'is aborted',
      (client) => client.request('given up', { signal: AbortSignal.timeout(20) }),
      { name: 'TimeoutError' },
    ],
  ];

for (const [what, giveUp, error] of waysToGiveUp) {
  test(`a request that ${what} keeps its place in the row: the next one does not get its reply`, async (t) => {
    const requests: Buffer[] = [];
    const { path } = await serveFrames(t, (payload, peer) => {
      requests.push(Buffer.from(payload));
      if (requests.length === 3) peer.send(...requests);
    });
    const client = await connectRaw(path);
    const before = client.request('before');
    const givenUp = giveUp(client);
    const reason = await givenUp.catch((thrown: unknown) => thrown);
    t.like(reason, error);
    const after = client.request('after');
    t.is((await before).toString(), 'before');
    t.is((await after).toString(), 'after');
    client.close();
  });
}

test('a request whose signal has fired already is rejected with the reason, and takes no place', async (t) => {
  const { path } = await serveFrames(t, (payload, peer) => peer.send(payload));
  const client = await connectRaw(path);
  const reason = new Error('too late');
  t.is(await t.throwsAsync(client.request('first', { signal: AbortSignal.abort(reason) })), reason);
  t.is((await client.request('second')).toString(), 'second');
  client.close();
});

test('a reply that nobody has asked for is ignored', async (t) => {
  const { path } = await serveFrames(t, (payload, peer) => peer.send(payload, 'unasked'));
  const client = await connectRaw(path);
  t.is((await client.request('first')).toString(), 'first');
  t.is((await client.request('second')).toString(), 'second');
  client.close();
});

test('close() rejects every request under way, and every request after it', async (t) => {
  const { path } = await serveFrames(t);
  const client = await connectRaw(path);
  const requests = [client.request('a'), client.request('b', { timeoutMs: 60_000 })];
  client.close();
  for (const request of [...requests, client.request('c')]) await t.throwsAsync(request, CLOSED);
  t.true(client.closed);
  await t.throwsAsync(client.request('d'), CLOSED);
});

test('close() rejects requests that an agent which does not read has not taken yet', async (t) => {
  const { path } = await serveFrames(t, undefined, ({ socket }) => socket.pause());
  const client = await connectRaw(path);
  // The time limit is for the case that close() does not reject it.
  const request = client.request(Buffer.alloc(8 * 1024 * 1024), { timeoutMs: 2_000 });
  client.close();
  await t.throwsAsync(request, CLOSED);
});

test('when the agent closes, what it has answered is kept and the rest is rejected', async (t) => {
  let seen = 0;
  const { path } = await serveFrames(t, (payload, { socket }) => {
    seen += 1;
    if (seen === 2) socket.end(framesOf(payload));
  });
  const client = await connectRaw(path);
  const [first, second] = [client.request('a'), client.request('b')];
  t.is((await first).toString(), 'b');
  await t.throwsAsync(second, CLOSED);
  t.true(client.closed);
  await t.throwsAsync(client.request('c'), CLOSED);
});

test('a reply over maxFrameBytes ends the connection, one of just that length does not', async (t) => {
  const { path } = await serveFrames(t, (payload, peer) => peer.send(payload));
  const client = await connectRaw(path, { maxFrameBytes: 5 });
  t.is((await client.request('12345')).toString(), '12345');
  await t.throwsAsync(client.request('123456'), { code: 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE', message: /6 bytes/ });
  t.true(client.closed);
});

test('Symbol.asyncDispose ends the connection', async (t) => {
  const { path, peers } = await serveFrames(t, (payload, peer) => peer.send(payload));
  const client = await connectRaw(path);
  await client.request('here');
  await client[Symbol.asyncDispose]();
  await t.throwsAsync(client.request('gone'), CLOSED);
  const socket = peers[0]?.socket;
  if (socket?.readableEnded === false) await once(socket, 'end');
  t.true(socket?.readableEnded);
});
