/** A connection's activity and its handling of slow clients, on a clock of the test. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createConnection } from '../../../../src/agent/connections/connection.ts';
import type { Connection } from '../../../../src/agent/connections/connection-options.ts';
import { createIncomingFrames } from '../../../../src/agent/connections/incoming-frames.ts';
import { FRAME_MS, UNREAD_MS } from '../../../../src/agent/connections/slow-client-timeout.ts';
import type { Conversation } from '../../../../src/dispatch/connection/conversation-options.ts';
import type { ReplySink } from '../../../../src/dispatch/connection/reply-queue.ts';
import { encodeFrame, frameHeader } from '../../../../wire/frame.ts';
import { framesOf } from '../../../helpers/frame-server.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

type Fixture = {
  connection: Connection;
  client: Socket;
  /** The number of reported activities. */
  activity: () => number;
  /** The sink that dispatch writes to. */
  sink: ReplySink;
  /** The number of dispatched frames. */
  frames: () => number;
  /** Resolves when the first byte has arrived. */
  arrived: () => Promise<void>;
  closed: Promise<void>;
};

async function setUp(t: ExecutionContext): Promise<Fixture> {
  const path = join(await tempDir(t), 'a.sock');
  const accepted = Promise.withResolvers<Socket>();
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, accepted.resolve).listen(path);
  t.teardown(() => server.close());
  await once(server, 'listening');
  const client = connect({ path, allowHalfOpen: true });
  t.teardown(() => client.destroy());
  client.on('error', () => undefined);
  const closed = Promise.withResolvers<void>();
  let [activity, frames] = [0, 0];
  let sink: ReplySink | undefined;
  const conversation = {
    isBusy: false,
    isOverfull: false,
    dispatch(_run: Buffer, count: number) {
      frames += count;
    },
    resume: () => undefined,
    refuse: () => undefined,
    cancelRequests: () => undefined,
    abandon: () => undefined,
  };
  const connection = createConnection({
    socket: await accepted.promise,
    gate: undefined,
    dispatcher: {
      open(of: ReplySink) {
        sink = of;
        return conversation as unknown as Conversation;
      },
      allocate: (bytes: number) => Buffer.alloc(bytes),
      recycle: () => undefined,
      mayStart: true,
      hold: () => undefined,
    },
    incoming: createIncomingFrames({ maxBytes: 2 ** 20, count: () => undefined, connections: () => [] }),
    maxFrameBytes: 1024 * 1024,
    mayReadLines: false,
    peer: undefined,
    onActivity() {
      activity += 1;
    },
    onRejected: () => undefined,
    isGone: () => false,
    onHalfClosed: () => undefined,
    onClose: closed.resolve,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined } as never,
  });
  return {
    connection,
    client,
    activity: () => activity,
    sink: sink as unknown as ReplySink,
    frames: () => frames,
    async arrived() {
      while (connection.hasReceivedNothing) await new Promise((resolve) => setImmediate(resolve));
    },
    closed: closed.promise,
  };
}

test('a whole frame is activity, a part of a frame is not', async (t) => {
  const { connection, client, activity, frames, arrived } = await setUp(t);
  client.write(frameHeader(100));
  await arrived();
  t.is(activity(), 0);
  t.true(connection.isProgressing);
  client.write(Buffer.alloc(100));
  while (frames() === 0) await new Promise((resolve) => setImmediate(resolve));
  t.is(activity(), 1);
  t.false(connection.isProgressing);
});

test('a client with a slow frame is closed after the time limit of the frame, and not before', async (t) => {
  const { connection, client, activity, closed, arrived } = await setUp(t);
  client.write(Buffer.concat([framesOf('whole'), frameHeader(100)]));
  await arrived();
  t.is(connection.check(0), undefined);
  t.is(connection.check(FRAME_MS), undefined);
  t.true(connection.isProgressing);
  client.resume();
  const ended = once(client, 'end');
  t.is(connection.check(FRAME_MS + 100), 'slow-frame');
  await ended;
  client.end();
  await closed;
  t.is(activity(), 1);
});

test('a taken reply is activity, a waiting one is not', async (t) => {
  const { connection, client, activity, sink } = await setUp(t);
  client.pause();
  sink.send(encodeFrame(Buffer.from('short')));
  t.is(activity(), 1);
  sink.send(encodeFrame(Buffer.alloc(16 * 1024 * 1024)));
  t.is(activity(), 1);
  t.true(connection.isProgressing);
  client.resume();
  while (activity() === 1) await once(client, 'data');
  t.is(activity(), 2);
});

test('a client that reads nothing for a minute is closed, even if it may still send', async (t) => {
  const { connection, client, sink, closed } = await setUp(t);
  client.pause();
  sink.send(encodeFrame(Buffer.alloc(16 * 1024 * 1024)));
  t.is(connection.check(0), undefined);
  t.is(connection.check(UNREAD_MS - 1), undefined);
  t.false(connection.isProgressing);
  t.is(connection.check(UNREAD_MS), 'unread');
  await closed;
});

test('a client that reads a long reply slowly is not closed', async (t) => {
  const { connection, client, sink } = await setUp(t);
  sink.send(encodeFrame(Buffer.alloc(16 * 1024 * 1024)));
  let now = 0;
  for (let round = 0; round < 10; round += 1) {
    t.is(connection.check(now), undefined);
    now += UNREAD_MS - 1;
    // More than the buffers of the kernel, so that the agent can write on.
    for (let read = 0; read < 1024 * 1024; ) read += ((await once(client.resume(), 'data'))[0] as Buffer).length;
    client.pause();
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.true(connection.isProgressing);
});
