/** A client's connection before the first call: the handshake, and the difference between a challenge and a frame. */
import test, { type ExecutionContext } from 'ava';
import { type ConnectOptions, connectRaw, type LaunchpoolError } from '../../../src/client/index.ts';
import { connectRpc } from '../../../src/client/rpc.ts';
import { openTransport } from '../../../src/client/transport.ts';
import { createHandshake, type Handshake } from '../../../wire/handshake.ts';
import { type FrameServer, framesOf, type OnFrame, type Peer, serveFrames } from '../../helpers/frame-server.ts';

const KEY = Buffer.from('ein Schlüssel');
const VERDICTS = [Buffer.from('#WELCOME#'), Buffer.from('#FAILURE#')];
const LEGACY_CHALLENGE = `#CHALLENGE#${'x'.repeat(20)}`;
const CHALLENGE = `#CHALLENGE#{sha256}${'x'.repeat(40)}`;

/** Opens a transport and records its events in order. */
async function openRecorded(path: string, options: ConnectOptions = {}) {
  const frames: string[] = [];
  const { promise: closed, resolve: onClose } = Promise.withResolvers<LaunchpoolError>();
  const reasons: LaunchpoolError[] = [];
  await openTransport(path, options, {
    onFrame: (payload) => frames.push(payload.toString()),
    onClosing: () => undefined,
    onClose: (reason) => {
      reasons.push(reason);
      onClose(reason);
    },
  });
  return { frames, closed, reasons };
}

for (const challenge of [CHALLENGE, LEGACY_CHALLENGE]) {
  test(`a first frame of ${challenge.length} bytes that is a challenge means that the agent requires a key`, async (t) => {
    const { path } = await serveFrames(t, undefined, (peer) => peer.send(challenge, 'more'));
    const { frames, closed, reasons } = await openRecorded(path);
    t.is((await closed).code, 'ERR_LAUNCHPOOL_AUTH_REQUIRED');
    t.deepEqual(frames, []);
    t.is(reasons.length, 1);
  });
}

for (const [what, payload] of [
  ['only starts like a challenge', '#CHALLENGE#'],
  ['has one byte more than an old challenge', `${LEGACY_CHALLENGE}x`],
  ['is a challenge, but not the first frame', CHALLENGE],
] as const) {
  test(`a frame that ${what} is an ordinary frame`, async (t) => {
    const first = payload === CHALLENGE ? ['first'] : [];
    const { path } = await serveFrames(t, undefined, (peer) => {
      peer.send(...first, payload);
      peer.socket.end();
    });
    const { frames, closed } = await openRecorded(path);
    t.is((await closed).code, 'ERR_LAUNCHPOOL_CONNECTION_CLOSED');
    t.deepEqual(frames, [...first, payload]);
  });
}

/** A server's half of the handshake. The frames `afterwards` are in one write with its last frame; then it closes. */
function serveKeyed(t: ExecutionContext, authkey: Uint8Array, ...afterwards: readonly string[]): Promise<FrameServer> {
  const handshakes = new Map<Peer, Handshake>();
  const onFrame: OnFrame = (payload, peer) => {
    const step = handshakes.get(peer)?.receive(payload);
    const { send = [], done, error } = step ?? {};
    const isLastFrame = send.length > 0 && !VERDICTS.some((verdict) => verdict.equals(send[0] as Buffer));
    peer.send(...send, ...(isLastFrame ? afterwards : []));
    if (done || error !== undefined) peer.socket.end();
  };
  return serveFrames(t, onFrame, (peer) => {
    const handshake = createHandshake({ role: 'server', authkey });
    handshakes.set(peer, handshake);
    peer.send(...handshake.start());
  });
}

test('with the right key, the first frame is the first one after the handshake', async (t) => {
  const { path } = await serveKeyed(t, KEY, 'hello', CHALLENGE);
  const { frames, closed, reasons } = await openRecorded(path, { authkey: KEY });
  t.is((await closed).code, 'ERR_LAUNCHPOOL_CONNECTION_CLOSED');
  t.deepEqual(frames, ['hello', CHALLENGE]);
  t.is(reasons.length, 1);
});

test('a key may be text, which is encoded as UTF-8', async (t) => {
  const { path } = await serveKeyed(t, KEY, 'hello');
  const { frames, closed } = await openRecorded(path, { authkey: 'ein Schlüssel' });
  await closed;
  t.deepEqual(frames, ['hello']);
});

test('an invalid frame in one write with the end of the handshake rejects the calls of an RPC client', async (t) => {
  const { path } = await serveKeyed(t, KEY, 'invalid', 'and more');
  const client = await connectRpc(path, { authkey: KEY });
  await t.throwsAsync(client.call('any', []), { code: 'ERR_LAUNCHPOOL_REPLY_INVALID' });
});

const refusals: ReadonlyArray<[string, (peer: Peer) => void, string]> = [
  ['closes at once', ({ socket }) => socket.end(), 'ERR_LAUNCHPOOL_AUTH_FAILED'],
  ['sends no challenge', (peer) => peer.send('hello'), 'ERR_LAUNCHPOOL_AUTH_FAILED'],
  ['sends a challenge that is too short', (peer) => peer.send('#CHALLENGE#x'), 'ERR_LAUNCHPOOL_AUTH_FAILED'],
  ['requires an unknown digest', (peer) => peer.send(CHALLENGE.replace('256', '512')), 'ERR_LAUNCHPOOL_AUTH_DIGEST'],
  ['rejects the key', (peer) => peer.send(CHALLENGE, '#FAILURE#'), 'ERR_LAUNCHPOOL_AUTH_FAILED'],
  ['closes after the answer', (peer) => peer.socket.end(framesOf(CHALLENGE)), 'ERR_LAUNCHPOOL_AUTH_FAILED'],
  [
    'sends the welcome without knowing the key',
    (peer) => peer.send(CHALLENGE, '#WELCOME#', 'x'),
    'ERR_LAUNCHPOOL_AUTH_FAILED',
  ],
  ['sends nothing', () => undefined, 'ERR_LAUNCHPOOL_AUTH_TIMEOUT'],
  ['stops in the middle', (peer) => peer.send(CHALLENGE), 'ERR_LAUNCHPOOL_AUTH_TIMEOUT'],
];

for (const [what, respond, code] of refusals) {
  test(`connecting with a key fails when the server ${what}`, async (t) => {
    const { path } = await serveFrames(t, undefined, respond);
    const handshakeMs = code === 'ERR_LAUNCHPOOL_AUTH_TIMEOUT' ? 50 : 60_000;
    await t.throwsAsync(connectRaw(path, { authkey: KEY, handshakeMs }), { code });
  });
}

test('a server without the key that has one connection answer the challenge of another one convinces neither', async (t) => {
  const opened = Promise.withResolvers<void>();
  /** The challenge of the first connection, as a frame of the server to the second one. */
  const challenge = Promise.withResolvers<Buffer>();
  const answers: string[] = [];
  const server = await serveFrames(
    t,
    (payload, peer) => {
      const [first, second] = server.peers;
      if (payload.includes('#CHALLENGE#')) challenge.resolve(payload);
      else if (peer === first) peer.send('#WELCOME#');
      else if (peer === second) {
        answers.push(payload.toString('latin1'));
        first?.send(payload);
      }
    },
    (peer) => {
      if (server.peers.length === 1) peer.send(CHALLENGE);
      else void challenge.promise.then((payload) => peer.send(payload));
      opened.resolve();
    },
  );
  const first = connectRaw(server.path, { authkey: KEY });
  await opened.promise;
  const second = connectRaw(server.path, { authkey: KEY });
  await t.throwsAsync(second, { code: 'ERR_LAUNCHPOOL_AUTH_FAILED', message: /own challenge/ });
  t.deepEqual(answers, []);
  server.peers[0]?.socket.end();
  await t.throwsAsync(first, { code: 'ERR_LAUNCHPOOL_AUTH_FAILED' });
});

test('MD5 can be switched off', async (t) => {
  const { path } = await serveFrames(t, undefined, (peer) => peer.send(LEGACY_CHALLENGE));
  await t.throwsAsync(connectRaw(path, { authkey: KEY, md5: false }), { code: 'ERR_LAUNCHPOOL_AUTH_DIGEST' });
});
