/** Agents that take leave: what they have not run goes to the next one, and the caller notices nothing. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { connectRaw } from '../../../src/client/index.ts';
import { connectRpc } from '../../../src/client/rpc.ts';
import { encodeClosing, isLongForm } from '../../../wire/closing.ts';
import { encodeFrame, payloadStart } from '../../../wire/frame.ts';
import { createFrameReader } from '../../../wire/frame-reader.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

type Life = {
  /** The payloads that have come, and whether the first one was in the long form. */
  frames: string[];
  announced: boolean;
  socket: Socket;
  reply(payload: string): void;
};

/** A server of which each connection is the life of one agent; `onFrame` hears of every frame with its life. */
async function serveLives(t: ExecutionContext, onFrame: (life: Life, payload: string, nth: number) => void) {
  const path = join(await tempDir(t), 'l.sock');
  const lives: Life[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const reply = (payload: string): void => void socket.write(encodeFrame(Buffer.from(payload)));
    const life: Life = { frames: [], announced: false, socket, reply };
    const nth = lives.push(life);
    const reader = createFrameReader({ maxRunFrames: 1 });
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('data', (chunk: Buffer) =>
      reader.push(chunk, (run) => {
        if (life.frames.length === 0) life.announced = isLongForm(run);
        else t.false(isLongForm(run));
        const payload = String(run.subarray(payloadStart(run, 0)));
        life.frames.push(payload);
        onFrame(life, payload, nth);
      }),
    );
  }).listen(path);
  await once(server, 'listening');
  t.teardown(() => {
    for (const { socket } of lives) socket.destroy();
    server.close();
  });
  return { path, lives };
}

const closeGracefully = (life: Life, run: number): void => void life.socket.end(encodeClosing(run));

test('a client says with its first frame, and with no other, that it understands', async (t) => {
  const { path, lives } = await serveLives(t, (life, payload) => life.reply(payload));
  const client = await connectRaw(path);
  for (const message of ['a', 'b', 'x'.repeat(100_000)]) t.is(String(await client.request(message)), message);
  t.true(lives[0]?.announced);
  client.close();
});

test('what has not been run is asked of the next agent, in its order, and what has been run is not', async (t) => {
  const { path, lives } = await serveLives(t, (life, payload, nth) => {
    if (nth > 1) return life.reply(payload.toUpperCase());
    if (life.frames.length <= 2) life.reply(payload);
    if (life.frames.length === 4) closeGracefully(life, 2);
  });
  const client = await connectRaw(path);
  const replies = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((message) => client.request(message)));
  t.deepEqual(replies.map(String), ['a', 'b', 'C', 'D', 'E']);
  t.deepEqual(lives[1]?.frames, ['c', 'd', 'e']);
  t.true(lives[1]?.announced);
  client.close();
});

test('however often agents take leave, and wherever, every call is answered once', async (t) => {
  const property = fc.asyncProperty(
    fc.array(fc.nat({ max: 6 }), { maxLength: 5 }),
    fc.integer({ min: 1, max: 12 }),
    async (lengths, calls) => {
      const ran: string[] = [];
      const { path } = await serveLives(t, (life, payload, nth) => {
        const length = lengths[nth - 1];
        if (length === undefined || life.frames.length <= length) {
          ran.push(payload);
          life.reply(`reply to ${payload}`);
        }
        // With a length of 0, it takes leave of who has asked, without having run anything.
        if (length !== undefined && life.frames.length === Math.max(length, 1)) closeGracefully(life, length);
      });
      const client = await connectRaw(path);
      const messages = Array.from({ length: calls }, (_unused, index) => `m${index}`);
      const replies = await Promise.all(messages.map((message) => client.request(message)));
      t.deepEqual(
        replies.map(String),
        messages.map((message) => `reply to ${message}`),
      );
      t.deepEqual(ran, messages);
      client.close();
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

test('RPC: calls and notifications that were not run are sent again, calls that were given up are not', async (t) => {
  const gone = Promise.withResolvers<void>();
  const { path, lives } = await serveLives(t, (life, payload, nth) => {
    const { id, method } = JSON.parse(payload);
    if (nth === 1 && life.frames.length === 4) gone.promise.then(() => closeGracefully(life, 1));
    if ((nth === 1 && life.frames.length === 1) || (nth > 1 && id !== undefined)) {
      life.reply(JSON.stringify({ jsonrpc: '2.0', id, result: `${nth} ${method}` }));
    }
  });
  const client = await connectRpc(path);
  t.is(await client.call('first', []), '1 first');
  const controller = new AbortController();
  const givenUp = client.call('given up', [], { signal: controller.signal });
  const kept = client.call('kept', []);
  client.notify('note', []);
  controller.abort(new Error('no more'));
  await t.throwsAsync(givenUp, { message: 'no more' });
  gone.resolve();
  t.is(await kept, '2 kept');
  t.is(await client.call('after', []), '2 after');
  t.deepEqual(
    lives[1]?.frames.map((frame) => JSON.parse(frame).method),
    ['kept', 'note', 'after'],
  );
  client.close();
});

test('of notifications that nothing answers, the last thousand are sent again', async (t) => {
  const all = Promise.withResolvers<void>();
  const { path, lives } = await serveLives(t, (life, _payload, nth) => {
    if (nth === 1 && life.frames.length === 1_500) closeGracefully(life, 0);
    if (nth === 2 && life.frames.length === 1_000) all.resolve();
  });
  const client = await connectRpc(path);
  // Nothing is awaited, which is why the process would not be kept alive for it.
  const alive = setInterval(() => undefined, 1_000);
  for (let index = 0; index < 1_500; index += 1) client.notify('note', [index]);
  await all.promise;
  clearInterval(alive);
  t.deepEqual(JSON.parse(lives[1]?.frames[0] as string).params, [500]);
  client.close();
});

test('who was told nothing of closing is not sent anything twice: a call under way is rejected', async (t) => {
  const { path, lives } = await serveLives(t, (life) => life.socket.end());
  const client = await connectRaw(path);
  await t.throwsAsync(client.request('a'), { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
  t.true(client.closed);
  t.is(lives.length, 1);
});

test('when no next agent can be reached, the calls are rejected with that', async (t) => {
  const server = await serveLives(t, (life) => {
    // Nobody listens at the path any more by the time the client has read the notice.
    life.socket.end(encodeClosing(0));
  });
  const path = server.path;
  const client = await connectRaw(path, { activationMs: 1 });
  const { unlink } = await import('node:fs/promises');
  await unlink(path);
  await t.throwsAsync(client.request('a'), { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED' });
  t.true(client.closed);
});

test('close() between two agents ends it all', async (t) => {
  const left = Promise.withResolvers<void>();
  const { path } = await serveLives(t, (life, payload) => {
    life.reply(payload);
    closeGracefully(life, 1);
    life.socket.once('end', left.resolve);
  });
  const client = await connectRaw(path);
  t.is(String(await client.request('a')), 'a');
  await left.promise;
  t.false(client.closed);
  client.close();
  t.true(client.closed);
  await t.throwsAsync(client.request('b'), { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
});
