/** Whatever is thrown on the path of one connection in the main thread ends that connection, and nothing else. */
import { once } from 'node:events';
import { createServer, createConnection as dialSocket, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createConnection } from '../../../../src/agent/connections/connection.ts';
import type { Connection, ConnectionOptions } from '../../../../src/agent/connections/connection-options.ts';
import { createIncomingFrames } from '../../../../src/agent/connections/incoming-frames.ts';
import type { Conversation } from '../../../../src/dispatch/connection/conversation-options.ts';
import type { ReplySink } from '../../../../src/dispatch/connection/reply-queue.ts';
import type { Gate } from '../../../../src/gate/gate.ts';
import { LaunchpoolError } from '../../../../wire/errors.ts';
import { encodeFrame } from '../../../../wire/frame.ts';
import { createFrameReader } from '../../../../wire/frame-reader.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { until } from '../../../helpers/until.ts';

const FAULT = 'a fault of this test';
const fault = (): never => {
  throw new TypeError(FAULT);
};

type Rig = {
  client: Socket;
  connection: Connection;
  sink: ReplySink;
  events: string[];
  closed: Promise<void>;
};

/** A connection whose parts are those of the test. */
async function connectTo(
  t: ExecutionContext,
  parts: Partial<Conversation> & {
    gate?: Partial<Gate>;
    allocate?: () => never;
    faulty?: keyof Conversation;
    onRejected?: () => never;
  } = {},
): Promise<Rig> {
  const path = join(await tempDir(t), 's');
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(path);
  t.teardown(() => server.close());
  await once(server, 'listening');
  const client = dialSocket(path);
  t.teardown(() => client.destroy());
  client.on('error', () => undefined).resume();
  const [accepted] = (await once(server, 'connection')) as [Socket];
  const events: string[] = [];
  const closed = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<ReplySink>();
  const {
    gate,
    allocate = (bytes: number) => Buffer.alloc(bytes),
    faulty,
    onRejected = () => undefined,
    ...conversation
  } = parts;
  const quiet = { dispatch: () => undefined, resume: () => undefined, refuse: () => undefined };
  const log = (_fields: unknown, event: string): void => void events.push(event);
  const connection = createConnection({
    socket: accepted,
    gate: gate as Gate | undefined,
    dispatcher: {
      open(sink: ReplySink) {
        opened.resolve(sink);
        const ends = { cancelRequests: () => undefined, abandon: () => undefined };
        const all = { isBusy: false, isOverfull: false, ...quiet, ...ends, ...conversation };
        if (faulty !== undefined) Object.defineProperty(all, faulty, { get: fault });
        return all as unknown as Conversation;
      },
      allocate,
      recycle: () => undefined,
      mayStart: true,
      hold: () => undefined,
    },
    incoming: createIncomingFrames({ maxBytes: 2 ** 24, count: () => undefined, connections: () => [] }),
    maxFrameBytes: 1_000_000,
    mayReadLines: false,
    peer: undefined,
    onActivity: () => undefined,
    onRejected,
    isGone: () => false,
    onHalfClosed: () => undefined,
    onClose: () => closed.resolve(),
    log: { error: log, warn: log, info: log, debug: () => undefined } as unknown as ConnectionOptions['log'],
  });
  return { client, connection, sink: await opened.promise, events, closed: closed.promise };
}

const FRAME = encodeFrame(Buffer.from('{"jsonrpc":"2.0","id":1,"method":"m"}'));
const LONG = encodeFrame(Buffer.alloc(500_000));

const STEPS: readonly [what: string, parts: Parameters<typeof connectTo>[1], act: (rig: Rig) => void][] = [
  ['the memory of a frame', { allocate: fault }, ({ client }) => client.write(LONG)],
  ['the start of the handshake', { gate: { open: fault } }, () => undefined],
  [
    'a message of the handshake',
    { gate: { open: () => ({ receive: fault, refuse: fault, abandon: () => undefined }) } },
    ({ client }) => client.write(FRAME),
  ],
  [
    'the end of the handshake at its deadline',
    {
      onRejected: fault,
      gate: {
        open(_send, onSettled) {
          setImmediate(() => onSettled(new LaunchpoolError('ERR_LAUNCHPOOL_AUTH_TIMEOUT', 'too late')));
          return { receive: () => undefined, refuse: fault, abandon: fault };
        },
      },
    },
    () => undefined,
  ],
  ['dispatch', { dispatch: fault }, ({ client }) => client.write(FRAME)],
  ['the refusal of a frame', { refuse: fault }, ({ client }) => client.write(Buffer.alloc(4, 0xf0))],
  ['the check for backpressure', { faulty: 'isOverfull' }, ({ client }) => client.write(FRAME)],
  ['the end of the input', { faulty: 'isBusy' }, ({ client }) => client.end()],
  ['a drained socket', { resume: fault }, ({ sink }) => sink.send(Buffer.alloc(8_000_000))],
  ['the graceful close', { faulty: 'isBusy' }, ({ connection }) => connection.close()],
  ['the end of the conversation', { abandon: fault }, ({ client }) => client.destroy()],
];

for (const [what, parts, act] of STEPS) {
  test(`a fault in ${what} ends the connection, with one line in the log`, async (t) => {
    const rig = await connectTo(t, parts);
    act(rig);
    await rig.closed;
    t.deepEqual(rig.events.filter((event) => event === 'connection-failed').length, 1, rig.events.join());
  });
}

test('a fault in the check for slow clients ends the connection, and the check goes on', async (t) => {
  const rig = await connectTo(t);
  rig.client.write(FRAME.subarray(0, 10));
  await until(() => rig.connection.isProgressing);
  rig.connection.check(0);
  // A time that cannot be computed with.
  t.is(rig.connection.check({ valueOf: fault } as never), undefined);
  await rig.closed;
  t.deepEqual(rig.events, ['connection-failed']);
});

test('a fault in one of the connections costs the others nothing', async (t) => {
  const frames: string[] = [];
  const good = await connectTo(t, { dispatch: (run) => void frames.push(String(run.subarray(4))) });
  const bad = await connectTo(t, { dispatch: fault });
  bad.client.write(FRAME);
  await bad.closed;
  good.client.write(FRAME);
  await until(() => frames.length === 1);
  const replies: Buffer[] = [];
  const reader = createFrameReader();
  good.client.on('data', (chunk: Buffer) => reader.push(chunk, (run) => replies.push(Buffer.from(run))));
  good.sink.send(FRAME);
  await until(() => replies.length === 1);
  t.deepEqual(good.events, []);
});
