/** A connection's life, seen from outside, with clients that do as they please: order, ends, and refusals. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { frameHeader } from '../../../../wire/frame.ts';
import { fixture, holdAgent } from '../../../helpers/agent.ts';
import { dial } from '../../../helpers/frame-client.ts';
import { framesOf } from '../../../helpers/frame-server.ts';
import { heldCall } from '../../../helpers/held-call.ts';
import { sharedAgent } from '../../../helpers/shared-agent.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

const raw = fixture('agents/misbehaving-raw.ts');
const rpc = fixture('agents/misbehaving.ts');

/** For tests that leave an agent as it was. */
const rawSocket = sharedAgent(raw, () => ['--threads', '2']);
const rpcSocket = sharedAgent(rpc, () => ['--threads', '2']);
const strictSocket = sharedAgent(rpc, () => ['--max-frame', '100']);

const request = (id: number, method: string, ...params: unknown[]): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params });

async function keyFile(t: ExecutionContext): Promise<string> {
  const path = join(await tempDir(t), 'key');
  await writeFile(path, 'secret', { mode: 0o600 });
  return path;
}

test('who has sent and ended its side still gets every raw reply, and then the end', async (t) => {
  const socketPath = await rawSocket();
  const client = await dial(t, socketPath);
  client.socket.end(framesOf('wait 50', 'a', ''));
  t.deepEqual(await client.ended, ['wait 50', 'a', '']);
});

test('who has sent and ended its side still gets every RPC reply, and then the end', async (t) => {
  const socketPath = await rpcSocket();
  const client = await dial(t, socketPath);
  client.socket.end(framesOf(request(1, 'slow', 50), request(2, 'sync', 'a')));
  const ids = (await client.ended).map((reply) => JSON.parse(reply).id);
  t.deepEqual(ids.sort(), [1, 2]);
});

test('who ends its side in the middle of a frame gets the replies to the whole ones', async (t) => {
  const socketPath = await rawSocket();
  const client = await dial(t, socketPath);
  client.socket.end(Buffer.concat([framesOf('a', 'b'), frameHeader(100), Buffer.from('half')]));
  t.deepEqual(await client.ended, ['a', 'b']);
});

test('raw replies come in the order of the requests, though the handlers finish in another', async (t) => {
  const socketPath = await rawSocket();
  const client = await dial(t, socketPath);
  // Long enough for the second thread to start and to be done first.
  const messages = ['wait 1000', 'wait 1', 'c', 'wait 50', 'e'];
  client.socket.write(framesOf(...messages));
  t.deepEqual(await client.until(5), messages);
});

test('an RPC reply does not wait for the one before it', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/supervised.ts'));
  const client = await dial(t, socketPath);
  const held = await heldCall(t);
  client.socket.write(framesOf(request(1, 'hold', held.path), request(2, 'pid')));
  await Promise.all([held.running, client.until(1)]);
  held.release();
  const ids = (await client.until(2)).map((reply) => JSON.parse(reply).id);
  t.deepEqual(ids, [2, 1]);
});

test('requests are found wherever the stream is cut', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/echo.ts'));
  const messages = fc.array(fc.string({ maxLength: 30 }), { minLength: 1, maxLength: 6 });
  const property = fc.asyncProperty(messages, fc.array(fc.nat(), { maxLength: 4 }), async (sent, cuts) => {
    const client = await dial(t, socketPath);
    const stream = framesOf(...sent);
    const edges = [0, ...cuts.map((cut) => cut % stream.length).sort((a, b) => a - b), stream.length];
    for (const [index, edge] of edges.entries()) {
      // Each piece is on its way before the next one is written.
      await new Promise<unknown>((resolve) =>
        client.socket.write(stream.subarray(edges[index - 1] ?? 0, edge), resolve),
      );
    }
    client.socket.end();
    t.deepEqual(await client.ended, sent);
    client.socket.destroy();
  });
  await fc.assert(property, { numRuns: 200 });
});

for (const failing of ['throw', 'text']) {
  test(`a raw request that fails (${failing}) ends its connection behind the replies before it, and no other`, async (t) => {
    const socketPath = await rawSocket();
    const client = await dial(t, socketPath);
    const neighbour = await dial(t, socketPath);
    client.socket.write(framesOf('wait 50', 'b', failing, 'dropped', 'dropped too'));
    t.deepEqual(await client.ended, ['wait 50', 'b']);
    neighbour.socket.write(framesOf('still here'));
    t.deepEqual(await neighbour.until(1), ['still here']);
  });
}

test('a raw request that ends its thread ends its connection behind the replies before it, and no other', async (t) => {
  const { socketPath } = await holdAgent(t, raw, ['--threads', '1']);
  const client = await dial(t, socketPath);
  client.socket.write(framesOf('a', 'exit', 'dropped'));
  t.deepEqual(await client.ended, ['a']);
  const next = await dial(t, socketPath);
  next.socket.write(framesOf('still here'));
  t.deepEqual(await next.until(1), ['still here']);
});

test('who stays silent where a key is asked for is shown out after --handshake-timeout', async (t) => {
  const flags = ['--authkey-file', await keyFile(t), '--handshake-timeout', '0.2'];
  const { socketPath } = await holdAgent(t, fixture('agents/echo.ts'), flags);
  const client = await dial(t, socketPath);
  const frames = await client.ended;
  t.is(frames.length, 1);
  t.regex(frames[0] ?? '', /^#CHALLENGE#/);
});

test('who has no key and sends a long request instead gets nothing but the handshake and the end', async (t) => {
  const { socketPath } = await holdAgent(t, rpc, ['--authkey-file', await keyFile(t)]);
  const client = await dial(t, socketPath);
  client.socket.write(framesOf(request(1, 'sync', 'x'.repeat(1000))));
  const [challenge, ...more] = await client.ended;
  t.regex(challenge ?? '', /^#CHALLENGE#/);
  t.true(
    more.every((frame) => frame === '#FAILURE#'),
    more.join(),
  );
});

test('an RPC agent says why it refuses a frame that is too long, behind the replies before it, and ends', async (t) => {
  const socketPath = await strictSocket();
  const client = await dial(t, socketPath);
  client.socket.write(Buffer.concat([framesOf(request(1, 'slow', 50)), frameHeader(101), Buffer.alloc(101)]));
  const [first, refusal, ...more] = (await client.ended).map((frame) => JSON.parse(frame));
  t.like(first, { id: 1, result: 50 });
  t.like(refusal, { id: null, error: { code: -32600, data: { code: 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE' } } });
  t.deepEqual(more, []);
});

test('a raw agent ends without a word at a frame that is too long, behind the replies before it', async (t) => {
  const { socketPath } = await holdAgent(t, raw, ['--max-frame', '100']);
  const client = await dial(t, socketPath);
  client.socket.write(Buffer.concat([framesOf('wait 50', 'b'), frameHeader(101), Buffer.alloc(101)]));
  t.deepEqual(await client.ended, ['wait 50', 'b']);
});

test('a frame of just the maximum is served', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/echo.ts'), ['--max-frame', '100']);
  const client = await dial(t, socketPath);
  client.socket.end(framesOf('x'.repeat(100)));
  t.deepEqual(await client.ended, ['x'.repeat(100)]);
});

for (const [what, header] of [
  ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xfe])],
  ['more bytes than there are in the world', Buffer.concat([Buffer.alloc(4, 0xff), Buffer.alloc(8, 0xff)])],
] as const) {
  test(`a header that announces ${what} is answered and ends the connection`, async (t) => {
    const socketPath = await rpcSocket();
    const client = await dial(t, socketPath);
    client.socket.write(Buffer.concat([framesOf(request(1, 'sync', 'a')), header]));
    const [first, refusal, ...more] = (await client.ended).map((frame) => JSON.parse(frame));
    t.like(first, { id: 1, result: 'a' });
    t.is(refusal.id, null);
    t.regex(refusal.error.data.code, /^ERR_LAUNCHPOOL_FRAME_/);
    t.deepEqual(more, []);
  });
}

test('a header that comes in pieces and is refused then ends its connection, and not the agent', async (t) => {
  const { socketPath, events } = await holdAgent(t, rpc, ['--max-frame', '100']);
  const other = await dial(t, socketPath);
  const header = frameHeader(20_000_000);
  for (let cut = 1; cut < header.length; cut += 1) {
    const client = await dial(t, socketPath);
    client.socket.write(header.subarray(0, cut));
    // When this is answered, that has been read.
    other.socket.write(framesOf(request(cut, 'sync', 'a')));
    await other.until(cut);
    client.socket.write(header.subarray(cut));
    const [refusal] = await client.until(1);
    t.is(JSON.parse(refusal ?? '').error.data.code, 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE');
    client.socket.end(Buffer.alloc(1_000_000));
    await finished(client.socket.resume());
  }
  t.deepEqual(
    events.map(({ event }) => event).filter((event) => event !== 'waiting'),
    ['started'],
  );
});

test('who goes on writing behind a refused frame is not cut off, and reads why', async (t) => {
  const socketPath = await strictSocket();
  const client = await dial(t, socketPath);
  client.socket.write(frameHeader(20_000_000));
  const [refusal] = await client.until(1);
  t.is(JSON.parse(refusal ?? '').error.data.code, 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE');
  client.socket.end(Buffer.alloc(2_000_000));
  await finished(client.socket.resume());
  t.deepEqual(client.errors, []);
});
