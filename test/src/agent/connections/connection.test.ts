/** A connection from the client's side: order of replies, half-closed clients, and refusals. */
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

/** Shared by tests that do not change their agent. */
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

test('a client that has ended its direction gets all raw replies, then the end', async (t) => {
  const socketPath = await rawSocket();
  const client = await dial(t, socketPath);
  client.socket.end(framesOf('wait 50', 'a', ''));
  t.deepEqual(await client.ended, ['wait 50', 'a', '']);
});

test('a client that has ended its direction gets all RPC replies, then the end', async (t) => {
  const socketPath = await rpcSocket();
  const client = await dial(t, socketPath);
  client.socket.end(framesOf(request(1, 'slow', 50), request(2, 'sync', 'a')));
  const ids = (await client.ended).map((reply) => JSON.parse(reply).id);
  t.deepEqual(ids.sort(), [1, 2]);
});

test('a client that ends its direction within a frame gets the replies to the whole frames', async (t) => {
  const socketPath = await rawSocket();
  const client = await dial(t, socketPath);
  client.socket.end(Buffer.concat([framesOf('a', 'b'), frameHeader(100), Buffer.from('half')]));
  t.deepEqual(await client.ended, ['a', 'b']);
});

test('raw replies keep the order of the requests, whatever the order of the handlers', async (t) => {
  const socketPath = await rawSocket();
  const client = await dial(t, socketPath);
  // The second thread starts and completes its request within the first wait.
  const messages = ['wait 1000', 'wait 1', 'c', 'wait 50', 'e'];
  client.socket.write(framesOf(...messages));
  t.deepEqual(await client.until(5), messages);
});

test('an RPC reply does not wait for earlier ones', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/supervised.ts'));
  const client = await dial(t, socketPath);
  const held = await heldCall(t);
  client.socket.write(framesOf(request(1, 'hold', held.path), request(2, 'pid')));
  await Promise.all([held.running, client.until(1)]);
  held.release();
  const ids = (await client.until(2)).map((reply) => JSON.parse(reply).id);
  t.deepEqual(ids, [2, 1]);
});

test('requests are read from chunks of any size', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/echo.ts'));
  const messages = fc.array(fc.string({ maxLength: 30 }), { minLength: 1, maxLength: 6 });
  const property = fc.asyncProperty(messages, fc.array(fc.nat(), { maxLength: 4 }), async (sent, cuts) => {
    const client = await dial(t, socketPath);
    const stream = framesOf(...sent);
    const edges = [0, ...cuts.map((cut) => cut % stream.length).sort((a, b) => a - b), stream.length];
    for (const [index, edge] of edges.entries()) {
      // Each chunk is sent before the next one is written.
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
  test(`a failed raw request (${failing}) closes its connection after the earlier replies, and no other connection`, async (t) => {
    const socketPath = await rawSocket();
    const client = await dial(t, socketPath);
    const neighbour = await dial(t, socketPath);
    client.socket.write(framesOf('wait 50', 'b', failing, 'dropped', 'dropped too'));
    t.deepEqual(await client.ended, ['wait 50', 'b']);
    neighbour.socket.write(framesOf('still here'));
    t.deepEqual(await neighbour.until(1), ['still here']);
  });
}

test('a raw request that ends its thread closes its connection after the earlier replies, and no other connection', async (t) => {
  const { socketPath } = await holdAgent(t, raw, ['--threads', '1']);
  const client = await dial(t, socketPath);
  client.socket.write(framesOf('a', 'exit', 'dropped'));
  t.deepEqual(await client.ended, ['a']);
  const next = await dial(t, socketPath);
  next.socket.write(framesOf('still here'));
  t.deepEqual(await next.until(1), ['still here']);
});

test('a silent client without the handshake is closed after --handshake-timeout', async (t) => {
  const flags = ['--authkey-file', await keyFile(t), '--handshake-timeout', '0.2'];
  const { socketPath } = await holdAgent(t, fixture('agents/echo.ts'), flags);
  const client = await dial(t, socketPath);
  const frames = await client.ended;
  t.is(frames.length, 1);
  t.regex(frames[0] ?? '', /^#CHALLENGE#/);
});

test('a client without the key that sends a long request gets the handshake and the end only', async (t) => {
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

test('an RPC agent answers a frame over the limit with an error, after the earlier replies, and closes', async (t) => {
  const socketPath = await strictSocket();
  const client = await dial(t, socketPath);
  client.socket.write(Buffer.concat([framesOf(request(1, 'slow', 50)), frameHeader(101), Buffer.alloc(101)]));
  const [first, refusal, ...more] = (await client.ended).map((frame) => JSON.parse(frame));
  t.like(first, { id: 1, result: 50 });
  t.like(refusal, { id: null, error: { code: -32600, data: { code: 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE' } } });
  t.deepEqual(more, []);
});

test('a raw agent closes without a reply on a frame over the limit, after the earlier replies', async (t) => {
  const { socketPath } = await holdAgent(t, raw, ['--max-frame', '100']);
  const client = await dial(t, socketPath);
  client.socket.write(Buffer.concat([framesOf('wait 50', 'b'), frameHeader(101), Buffer.alloc(101)]));
  t.deepEqual(await client.ended, ['wait 50', 'b']);
});

test('a frame of exactly the limit is served', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/echo.ts'), ['--max-frame', '100']);
  const client = await dial(t, socketPath);
  client.socket.end(framesOf('x'.repeat(100)));
  t.deepEqual(await client.ended, ['x'.repeat(100)]);
});

for (const [what, header] of [
  ['a negative length', Buffer.from([0xff, 0xff, 0xff, 0xfe])],
  ['the maximum length', Buffer.concat([Buffer.alloc(4, 0xff), Buffer.alloc(8, 0xff)])],
] as const) {
  test(`a header that announces ${what} gets an error and closes the connection`, async (t) => {
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

test('a refused header that arrives in pieces closes its connection, and not the agent', async (t) => {
  const { socketPath, events } = await holdAgent(t, rpc, ['--max-frame', '100']);
  const other = await dial(t, socketPath);
  const header = frameHeader(20_000_000);
  for (let cut = 1; cut < header.length; cut += 1) {
    const client = await dial(t, socketPath);
    client.socket.write(header.subarray(0, cut));
    // After this reply, the agent has read the bytes above.
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

test('a client that writes on after a refused frame still reads the error', async (t) => {
  const socketPath = await strictSocket();
  const client = await dial(t, socketPath);
  client.socket.write(frameHeader(20_000_000));
  const [refusal] = await client.until(1);
  t.is(JSON.parse(refusal ?? '').error.data.code, 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE');
  client.socket.end(Buffer.alloc(2_000_000));
  await finished(client.socket.resume());
  t.deepEqual(client.errors, []);
});
