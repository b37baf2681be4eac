/** Agents that close gracefully: requests that they have not run go to the next process, and the caller notices nothing. */
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

type AgentProcess = {
  /** The received payloads, and whether the first one had the long form of the header. */
  frames: string[];
  announced: boolean;
  socket: Socket;
  reply(payload: string): void;
};

/** A server in which each connection stands for one process of an agent. `onFrame` receives every frame. */
async function serveProcesses(
  t: ExecutionContext,
  onFrame: (agent: AgentProcess, payload: string, nth: number) => void,
) {
  const path = join(await tempDir(t), 'l.sock');
  const processes: AgentProcess[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const reply = (payload: string): void => void socket.write(encodeFrame(Buffer.from(payload)));
    const agent: AgentProcess = { frames: [], announced: false, socket, reply };
    const nth = processes.push(agent);
    const reader = createFrameReader({ maxRunFrames: 1 });
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('data', (chunk: Buffer) =>
      reader.push(chunk, (run) => {
        if (agent.frames.length === 0) agent.announced = isLongForm(run);
        else t.false(isLongForm(run));
        const payload = String(run.subarray(payloadStart(run, 0)));
        agent.frames.push(payload);
        onFrame(agent, payload, nth);
      }),
    );
  }).listen(path);
  await once(server, 'listening');
  t.teardown(() => {
    for (const { socket } of processes) socket.destroy();
    server.close();
  });
  return { path, processes };
}

const closeGracefully = (agent: AgentProcess, run: number): void => void agent.socket.end(encodeClosing(run));

test('only the first frame of a client says that it understands the closing notice', async (t) => {
  const { path, processes } = await serveProcesses(t, (agent, payload) => agent.reply(payload));
  const client = await connectRaw(path);
  for (const message of ['a', 'b', 'x'.repeat(100_000)]) t.is(String(await client.request(message)), message);
  t.true(processes[0]?.announced);
  client.close();
});

test('requests that have not run go to the next process in order; requests that have run do not', async (t) => {
  const { path, processes } = await serveProcesses(t, (agent, payload, nth) => {
    if (nth > 1) return agent.reply(payload.toUpperCase());
    if (agent.frames.length <= 2) agent.reply(payload);
    if (agent.frames.length === 4) closeGracefully(agent, 2);
  });
  const client = await connectRaw(path);
  const replies = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((message) => client.request(message)));
  t.deepEqual(replies.map(String), ['a', 'b', 'C', 'D', 'E']);
  t.deepEqual(processes[1]?.frames, ['c', 'd', 'e']);
  t.true(processes[1]?.announced);
  client.close();
});

test('every call is answered once, however often and wherever agents close gracefully', async (t) => {
  const property = fc.asyncProperty(
    fc.array(fc.nat({ max: 6 }), { maxLength: 5 }),
    fc.integer({ min: 1, max: 12 }),
    async (lengths, calls) => {
      const ran: string[] = [];
      const { path } = await serveProcesses(t, (agent, payload, nth) => {
        const length = lengths[nth - 1];
        if (length === undefined || agent.frames.length <= length) {
          ran.push(payload);
          agent.reply(`reply to ${payload}`);
        }
        // With a length of 0, it closes after the first request without having run it.
        if (length !== undefined && agent.frames.length === Math.max(length, 1)) closeGracefully(agent, length);
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

test('RPC: calls and notifications that have not run are sent again; cancelled calls are not', async (t) => {
  const isCancelled = Promise.withResolvers<void>();
  const { path, processes } = await serveProcesses(t, (agent, payload, nth) => {
    const { id, method } = JSON.parse(payload);
    if (nth === 1 && agent.frames.length === 4) isCancelled.promise.then(() => closeGracefully(agent, 1));
    if ((nth === 1 && agent.frames.length === 1) || (nth > 1 && id !== undefined)) {
      agent.reply(JSON.stringify({ jsonrpc: '2.0', id, result: `${nth} ${method}` }));
    }
  });
  const client = await connectRpc(path);
  t.is(await client.call('first', []), '1 first');
  const controller = new AbortController();
  const cancelled = client.call('cancelled', [], { signal: controller.signal });
  const kept = client.call('kept', []);
  client.notify('note', []);
  controller.abort(new Error('no more'));
  await t.throwsAsync(cancelled, { message: 'no more' });
  isCancelled.resolve();
  t.is(await kept, '2 kept');
  t.is(await client.call('after', []), '2 after');
  t.deepEqual(
    processes[1]?.frames.map((frame) => JSON.parse(frame).method),
    ['kept', 'note', 'after'],
  );
  client.close();
});

test('notifications that no agent has run are sent again, however many there are', async (t) => {
  const all = Promise.withResolvers<void>();
  const { path, processes } = await serveProcesses(t, (agent, _payload, nth) => {
    if (nth === 1 && agent.frames.length === 1_500) closeGracefully(agent, 0);
    if (nth === 2 && agent.frames.length === 1_500) all.resolve();
  });
  const client = await connectRpc(path);
  // No call is open, so the client does not keep the process alive.
  const keepAlive = setInterval(() => undefined, 1_000);
  for (let index = 0; index < 1_500; index += 1) client.notify('note', [index]);
  await all.promise;
  clearInterval(keepAlive);
  t.deepEqual(
    processes[1]?.frames.map((frame) => JSON.parse(frame).params),
    Array.from({ length: 1_500 }, (_unused, index) => [index]),
  );
  client.close();
});

test('without a closing notice, an open call is rejected and not sent again', async (t) => {
  const { path, processes } = await serveProcesses(t, (agent) => agent.socket.end());
  const client = await connectRaw(path);
  await t.throwsAsync(client.request('a'), { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
  t.true(client.closed);
  t.is(processes.length, 1);
});

test('when no next process can be reached, the calls are rejected with the connection error', async (t) => {
  const server = await serveProcesses(t, (agent) => {
    // The path is unlinked before the client reads the notice.
    agent.socket.end(encodeClosing(0));
  });
  const path = server.path;
  const client = await connectRaw(path, { activationMs: 1 });
  const { unlink } = await import('node:fs/promises');
  await unlink(path);
  await t.throwsAsync(client.request('a'), { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED' });
  t.true(client.closed);
});

test('close() between two processes ends the session', async (t) => {
  const isClosed = Promise.withResolvers<void>();
  const { path } = await serveProcesses(t, (agent, payload) => {
    agent.reply(payload);
    closeGracefully(agent, 1);
    agent.socket.once('end', isClosed.resolve);
  });
  const client = await connectRaw(path);
  t.is(String(await client.request('a')), 'a');
  await isClosed.promise;
  t.false(client.closed);
  client.close();
  t.true(client.closed);
  await t.throwsAsync(client.request('b'), { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
});
