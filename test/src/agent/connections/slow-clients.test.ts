/** What a connection counts as a sign of life, and how it gives up who does not get on; the clock is the test's own. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { type Connection, createConnection } from '../../../../src/agent/connections/connection.ts';
import { FRAME_MS, UNREAD_MS } from '../../../../src/agent/connections/slow-client-timeout.ts';
import type { Conversation } from '../../../../src/dispatch/connection/conversation.ts';
import type { ReplySink } from '../../../../src/dispatch/connection/reply-queue.ts';
import { encodeFrame, frameHeader } from '../../../../wire/frame.ts';
import { framesOf } from '../../../helpers/frame-server.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';

type Laid = {
  connection: Connection;
  client: Socket;
  /** How many signs of life there were. */
  activity: () => number;
  /** The other side of dispatch. */
  end: ReplySink;
  /** Whole frames that have been dispatched. */
  frames: () => number;
  /** Resolves when something has come in. */
  arrived: () => Promise<void>;
  closed: Promise<void>;
};

async function lay(t: ExecutionContext): Promise<Laid> {
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
  let end: ReplySink | undefined;
  const conversation = {
    isBusy: false,
    isOverfull: false,
    dispatch(_run: Buffer, count: number) {
      frames += count;
    },
    resume: () => undefined,
    refuse: () => undefined,
    abandon: () => undefined,
  };
  const connection = createConnection({
    socket: await accepted.promise,
    gate: undefined,
    dispatcher: {
      open(of: ReplySink) {
        end = of;
        return conversation as unknown as Conversation;
      },
      allocate: (bytes: number) => Buffer.alloc(bytes),
    },
    maxFrameBytes: 1024 * 1024,
    onActivity() {
      activity += 1;
    },
    onRejected: () => undefined,
    onHalfClosed: () => undefined,
    onClose: closed.resolve,
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined } as never,
  });
  return {
    connection,
    client,
    activity: () => activity,
    end: end as unknown as ReplySink,
    frames: () => frames,
    async arrived() {
      while (connection.hasReceivedNothing) await new Promise((resolve) => setImmediate(resolve));
    },
    closed: closed.promise,
  };
}

test('pieces of a frame are no sign of life, and a whole one is', async (t) => {
  const { connection, client, activity, frames, arrived } = await lay(t);
  client.write(frameHeader(100));
  await arrived();
  t.is(activity(), 0);
  t.true(connection.isProgressing);
  client.write(Buffer.alloc(100));
  while (frames() === 0) await new Promise((resolve) => setImmediate(resolve));
  t.is(activity(), 1);
  t.false(connection.isProgressing);
});

test('who drips is closed when the time of its frame is over, and no sooner', async (t) => {
  const { connection, client, activity, closed, arrived } = await lay(t);
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

test('a reply that is taken is a sign of life, and one that waits is none', async (t) => {
  const { connection, client, activity, end } = await lay(t);
  client.pause();
  end.send(encodeFrame(Buffer.from('short')));
  t.is(activity(), 1);
  end.send(encodeFrame(Buffer.alloc(16 * 1024 * 1024)));
  t.is(activity(), 1);
  t.true(connection.isProgressing);
  client.resume();
  while (activity() === 1) await once(client, 'data');
  t.is(activity(), 2);
});

test('who does not read for a minute is closed, though it may still send', async (t) => {
  const { connection, client, end, closed } = await lay(t);
  client.pause();
  end.send(encodeFrame(Buffer.alloc(16 * 1024 * 1024)));
  t.is(connection.check(0), undefined);
  t.is(connection.check(UNREAD_MS - 1), undefined);
  t.false(connection.isProgressing);
  t.is(connection.check(UNREAD_MS), 'unread');
  await closed;
});

test('who reads a part of a long reply now and then is not closed', async (t) => {
  const { connection, client, end } = await lay(t);
  end.send(encodeFrame(Buffer.alloc(16 * 1024 * 1024)));
  let now = 0;
  for (let round = 0; round < 10; round += 1) {
    t.is(connection.check(now), undefined);
    now += UNREAD_MS - 1;
    // More than the kernel takes for itself, so that the agent's side can write on.
    for (let read = 0; read < 1024 * 1024; ) read += ((await once(client.resume(), 'data'))[0] as Buffer).length;
    client.pause();
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.true(connection.isProgressing);
});
