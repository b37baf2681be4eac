/** The ends of an RPC client's connection, and their effect on the open calls. */
import { once } from 'node:events';
import test from 'ava';
import { connectRpc } from '../../../src/client/rpc.ts';
import { NULL_ID } from '../../../wire/id-text.ts';
import { encodeError } from '../../../wire/json-rpc.ts';
import { type Peer, serveFrames } from '../../helpers/frame-server.ts';

const CLOSED = { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' };

test('close() rejects the open calls and every later call', async (t) => {
  const { path } = await serveFrames(t);
  const client = await connectRpc(path);
  const calls = [client.call('a', []), client.call('b', [], { timeoutMs: 60_000 })];
  client.close();
  for (const call of [...calls, client.call('c', [])]) await t.throwsAsync(call, CLOSED);
  await t.throwsAsync(client.call('d', []), CLOSED);
});

test('close() takes effect at once', async (t) => {
  const { path } = await serveFrames(t);
  const client = await connectRpc(path);
  client.close();
  t.true(client.closed);
  t.throws(() => client.notify('a', []), CLOSED);
});

test('close() rejects calls that are not sent yet because the agent does not read', async (t) => {
  const { path } = await serveFrames(t, undefined, ({ socket }) => socket.pause());
  const client = await connectRpc(path);
  // The timeout ends the test in case close() does not reject the call.
  const call = client.call('big', ['x'.repeat(8 * 1024 * 1024)], { timeoutMs: 2_000 });
  client.close();
  await t.throwsAsync(call, CLOSED);
});

test('close() after a notification sends it first', async (t) => {
  const received = Promise.withResolvers<number>();
  const { path } = await serveFrames(t, (payload) => received.resolve(payload.length));
  const client = await connectRpc(path);
  const text = 'x'.repeat(4 * 1024 * 1024);
  client.notify('big', [text]);
  client.close();
  t.true((await received.promise) > text.length);
});

const waysToEnd: ReadonlyArray<[string, (peer: Peer) => void]> = [
  ['ends its side', ({ socket }) => socket.end()],
  ['resets the connection', ({ socket }) => socket.destroy()],
  ['ends its side in the middle of a reply', ({ socket }) => socket.end(Buffer.from([0, 0, 0, 9, 0x7b]))],
];

for (const [way, endConnection] of waysToEnd) {
  test(`when the agent ${way}, the open calls and every later call are rejected`, async (t) => {
    let seen = 0;
    const { path } = await serveFrames(t, (_payload, peer) => {
      seen += 1;
      if (seen === 2) endConnection(peer);
    });
    const client = await connectRpc(path);
    const calls = [client.call('a', []), client.call('b', [])];
    for (const call of calls) await t.throwsAsync(call, { ...CLOSED, message: /f\.sock/ });
    t.true(client.closed);
    await t.throwsAsync(client.call('c', []), CLOSED);
    t.throws(() => client.notify('d', []), CLOSED);
  });
}

const invalidReplies: ReadonlyArray<[string, string | Uint8Array]> = [
  ['an empty frame', ''],
  ['text', 'Uryyb'],
  ['bytes that are not UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
  ['a number', '42'],
  ['null', 'null'],
  ['an object with neither result nor error', '{"jsonrpc":"2.0","id":1}'],
  ['an error without a code', '{"jsonrpc":"2.0","id":1,"error":{"message":"no"}}'],
  ['an error without a message', '{"jsonrpc":"2.0","id":1,"error":{"code":1}}'],
  ['an error that is null', '{"jsonrpc":"2.0","id":1,"error":null}'],
  ['a batch that contains one of these', '[{"jsonrpc":"2.0","id":99,"result":1},[]]'],
];

for (const [what, bytes] of invalidReplies) {
  test(`a reply that is ${what} closes the connection: it is not JSON-RPC`, async (t) => {
    const { path, peers } = await serveFrames(t, (_payload, peer) => peer.send(bytes));
    const client = await connectRpc(path);
    const calls = [client.call('a', []), client.call('b', [])];
    for (const call of calls) await t.throwsAsync(call, { code: 'ERR_LAUNCHPOOL_REPLY_INVALID' });
    await t.throwsAsync(client.call('c', []), { code: 'ERR_LAUNCHPOOL_REPLY_INVALID' });
    const socket = peers[0]?.socket;
    if (socket?.readableEnded === false) await once(socket, 'end');
    t.true(socket?.readableEnded);
  });
}

test('an error without an id rejects all open calls', async (t) => {
  let seen = 0;
  const refusal = { name: 'LaunchpoolError', message: 'cannot read that', code: 'ERR_LAUNCHPOOL_PARSE' };
  const { path } = await serveFrames(t, (_payload, peer) => {
    seen += 1;
    if (seen === 2) peer.send(encodeError(NULL_ID, refusal));
  });
  const client = await connectRpc(path);
  const calls = [client.call('a', []), client.call('b', [])];
  for (const call of calls) t.like(await t.throwsAsync(call), { ...refusal, remote: true });
});

test('a reply longer than maxFrameBytes closes the connection; one of exactly that length does not', async (t) => {
  const replies = ['{"id":1,"result":"1234567"}', '{"id":2,"result":"12345678"}'];
  const { path } = await serveFrames(t, (_payload, peer) => peer.send(replies.shift() as string));
  const client = await connectRpc(path, { maxFrameBytes: 27 });
  t.is(await client.call('a', []), '1234567');
  await t.throwsAsync(client.call('b', []), { code: 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE', message: /28 bytes/ });
  t.true(client.closed);
});

test('bytes that are not a frame close the connection', async (t) => {
  const { path } = await serveFrames(t, (_payload, { socket }) => socket.write(Buffer.from([0xff, 0xff, 0, 0])));
  const client = await connectRpc(path);
  await t.throwsAsync(client.call('a', []), { code: 'ERR_LAUNCHPOOL_FRAME_INVALID' });
});
