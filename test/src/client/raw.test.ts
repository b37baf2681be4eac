/** The raw client against a server in the test: replies are matched to requests by their order. */
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import { connectRaw, type RawClient } from '../../../src/client/index.ts';
import { framesOf, serveFrames } from '../../helpers/frame-server.ts';

const CLOSED = { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' };

/** The maximum length of a request that is written in one buffer with its header. */
const COPY_BYTES = 16 * 1024;

test('replies are matched to their requests wherever the stream is cut', async (t) => {
  let expected = 0;
  let cuts: number[] = [];
  let requests: Buffer[] = [];
  const { path } = await serveFrames(t, async (payload, { socket }) => {
    requests.push(Buffer.from(payload));
    if (requests.length < expected) return;
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
    expected = sent.length;
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
  test(`a message of ${size} bytes and its reply arrive whole`, async (t) => {
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

test('the bytes of a reply do not change with later replies', async (t) => {
  const { path } = await serveFrames(t, (payload, peer) => peer.send(payload));
  const client = await connectRaw(path);
  const kept = await client.request('first');
  for (let index = 0; index < 50; index += 1) await client.request('other');
  t.is(kept.toString(), 'first');
  client.close();
});

const cancellations: ReadonlyArray<
  [string, (client: RawClient) => Promise<unknown>, { code?: string; name?: string }]
> = [
  ['times out', (client) => client.request('cancelled', { timeoutMs: 20 }), { code: 'ERR_LAUNCHPOOL_CALL_TIMEOUT' }],
  [
    'is aborted',
    (client) => client.request('cancelled', { signal: AbortSignal.timeout(20) }),
    { name: 'TimeoutError' },
  ],
];

for (const [what, cancel, error] of cancellations) {
  test(`a request that ${what} keeps its position: the next request does not get its reply`, async (t) => {
    const requests: Buffer[] = [];
    const { path } = await serveFrames(t, (payload, peer) => {
      requests.push(Buffer.from(payload));
      if (requests.length === 3) peer.send(...requests);
    });
    const client = await connectRaw(path);
    const before = client.request('before');
    const cancelled = cancel(client);
    const reason = await cancelled.catch((thrown: unknown) => thrown);
    t.like(reason, error);
    const after = client.request('after');
    t.is((await before).toString(), 'before');
    t.is((await after).toString(), 'after');
    client.close();
  });
}

test('a request whose signal has fired already is rejected with its reason and not sent', async (t) => {
  const { path } = await serveFrames(t, (payload, peer) => peer.send(payload));
  const client = await connectRaw(path);
  const reason = new Error('too late');
  t.is(await t.throwsAsync(client.request('first', { signal: AbortSignal.abort(reason) })), reason);
  t.is((await client.request('second')).toString(), 'second');
  client.close();
});

test('a reply without a request is ignored', async (t) => {
  const { path } = await serveFrames(t, (payload, peer) => peer.send(payload, 'unrequested'));
  const client = await connectRaw(path);
  t.is((await client.request('first')).toString(), 'first');
  t.is((await client.request('second')).toString(), 'second');
  client.close();
});

test('close() rejects the open requests and every later request', async (t) => {
  const { path } = await serveFrames(t);
  const client = await connectRaw(path);
  const requests = [client.request('a'), client.request('b', { timeoutMs: 60_000 })];
  client.close();
  for (const request of [...requests, client.request('c')]) await t.throwsAsync(request, CLOSED);
  t.true(client.closed);
  await t.throwsAsync(client.request('d'), CLOSED);
});

test('close() rejects requests that are not sent yet because the agent does not read', async (t) => {
  const { path } = await serveFrames(t, undefined, ({ socket }) => socket.pause());
  const client = await connectRaw(path);
  // The timeout ends the test in case close() does not reject the request.
  const request = client.request(Buffer.alloc(8 * 1024 * 1024), { timeoutMs: 2_000 });
  client.close();
  await t.throwsAsync(request, CLOSED);
});

test('when the agent closes, answered requests keep their replies and the others are rejected', async (t) => {
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

test('a reply longer than maxFrameBytes closes the connection; one of exactly that length does not', async (t) => {
  const { path } = await serveFrames(t, (payload, peer) => peer.send(payload));
  const client = await connectRaw(path, { maxFrameBytes: 5 });
  t.is((await client.request('12345')).toString(), '12345');
  await t.throwsAsync(client.request('123456'), { code: 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE', message: /6 bytes/ });
  t.true(client.closed);
});

test('Symbol.asyncDispose closes the connection', async (t) => {
  const { path, peers } = await serveFrames(t, (payload, peer) => peer.send(payload));
  const client = await connectRaw(path);
  await client.request('here');
  await client[Symbol.asyncDispose]();
  await t.throwsAsync(client.request('late'), CLOSED);
  const socket = peers[0]?.socket;
  if (socket?.readableEnded === false) await once(socket, 'end');
  t.true(socket?.readableEnded);
});

test('a message that is no bytes is rejected, and the client goes on', async (t) => {
  const { path } = await serveFrames(t, (payload, { socket }) => void socket.write(framesOf(payload)));
  const client = await connectRaw(path);
  for (const message of [undefined, null, 7, {}, []]) {
    await t.throwsAsync(client.request(message as never), {
      instanceOf: TypeError,
      message: /a raw message is a Uint8Array/,
    });
  }
  t.is(String(await client.request('text')), 'text');
  client.close();
});
