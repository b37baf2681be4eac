/** A client's connection before the first call: the handshake, and telling a challenge from a frame like any other. */
import test, { type ExecutionContext } from 'ava';
import { connectRaw, type LaunchpoolError } from '../../../src/client/index.ts';
import { connectRpc } from '../../../src/client/rpc.ts';
import { type ConnectOptions, openTransport } from '../../../src/client/transport.ts';
import { createHandshake, type Handshake } from '../../../wire/handshake.ts';
import { type FrameServer, framesOf, type OnFrame, type Peer, serveFrames } from '../../helpers/frame-server.ts';

const KEY = Buffer.from('ein Schlüssel');
const WORDS = [Buffer.from('#WELCOME#'), Buffer.from('#FAILURE#')];
const LEGACY_CHALLENGE = `#CHALLENGE#${'x'.repeat(20)}`;
const CHALLENGE = `#CHALLENGE#{sha256}${'x'.repeat(40)}`;

/** What a transport says, in the order in which it says it. */
async function opened(path: string, options: ConnectOptions = {}) {
  const frames: string[] = [];
  const { promise: gone, resolve: onClose } = Promise.withResolvers<LaunchpoolError>();
  const reasons: LaunchpoolError[] = [];
  await openTransport(path, options, {
    onFrame: (payload) => frames.push(payload.toString()),
    onClosing: () => undefined,
    onClose: (reason) => {
      reasons.push(reason);
      onClose(reason);
    },
  });
  return { frames, gone, reasons };
}

for (const challenge of [CHALLENGE, LEGACY_CHALLENGE]) {
  test(`a first frame of ${challenge.length} bytes that is a challenge means that a key is wanted`, async (t) => {
    const { path } = await serveFrames(t, undefined, (peer) => peer.send(challenge, 'more'));
    const { frames, gone, reasons } = await opened(path);
    t.is((await gone).code, 'ERR_LAUNCHPOOL_AUTH_REQUIRED');
    t.deepEqual(frames, []);
    t.is(reasons.length, 1);
  });
}

for (const [what, payload] of [
  ['only begins like a challenge', '#CHALLENGE#'],
  ['has one byte more than an old challenge', `${LEGACY_CHALLENGE}x`],
  ['is a challenge, but not the first frame', CHALLENGE],
] as const) {
  test(`a frame that ${what} is a frame like any other`, async (t) => {
    const first = payload === CHALLENGE ? ['first'] : [];
    const { path } = await serveFrames(t, undefined, (peer) => {
      peer.send(...first, payload);
      peer.socket.end();
    });
    const { frames, gone } = await opened(path);
    t.is((await gone).code, 'ERR_LAUNCHPOOL_CONNECTION_CLOSED');
    t.deepEqual(frames, [...first, payload]);
  });
}

/** A server's half of the handshake. What it says `afterwards` stands in one write with its last word; then it ends. */
function serveKeyed(t: ExecutionContext, authkey: Uint8Array, ...afterwards: readonly string[]): Promise<FrameServer> {
  const handshakes = new Map<Peer, Handshake>();
  const onFrame: OnFrame = (payload, peer) => {
    const step = handshakes.get(peer)?.receive(payload);
    const { send = [], done, error } = step ?? {};
    const isLastWord = send.length > 0 && !WORDS.some((word) => word.equals(send[0] as Buffer));
    peer.send(...send, ...(isLastWord ? afterwards : []));
    if (done || error !== undefined) peer.socket.end();
  };
  return serveFrames(t, onFrame, (peer) => {
    const handshake = createHandshake({ role: 'server', authkey });
    handshakes.set(peer, handshake);
    peer.send(...handshake.start());
  });
}

test('with the right key the first frame is the first one behind the handshake', async (t) => {
  const { path } = await serveKeyed(t, KEY, 'hello', CHALLENGE);
  const { frames, gone, reasons } = await opened(path, { authkey: KEY });
  t.is((await gone).code, 'ERR_LAUNCHPOOL_CONNECTION_CLOSED');
  t.deepEqual(frames, ['hello', CHALLENGE]);
  t.is(reasons.length, 1);
});

test('a key may be text, which is taken as UTF-8', async (t) => {
  const { path } = await serveKeyed(t, KEY, 'hello');
  const { frames, gone } = await opened(path, { authkey: 'ein Schlüssel' });
  await gone;
  t.deepEqual(frames, ['hello']);
});

test('an RPC client can be told nonsense in one write with the end of the handshake', async (t) => {
  const { path } = await serveKeyed(t, KEY, 'nonsense', 'and more');
  const client = await connectRpc(path, { authkey: KEY });
  await t.throwsAsync(client.call('any', []), { code: 'ERR_LAUNCHPOOL_REPLY_INVALID' });
});

const refusals: ReadonlyArray<[string, (peer: Peer) => void, string]> = [
  ['closes at once', ({ socket }) => socket.end(), 'ERR_LAUNCHPOOL_AUTH_FAILED'],
  ['sends something else than a challenge', (peer) => peer.send('hello'), 'ERR_LAUNCHPOOL_AUTH_FAILED'],
  ['sends a challenge that is too short', (peer) => peer.send('#CHALLENGE#x'), 'ERR_LAUNCHPOOL_AUTH_FAILED'],
  ['asks for an unknown digest', (peer) => peer.send(CHALLENGE.replace('256', '512')), 'ERR_LAUNCHPOOL_AUTH_DIGEST'],
  ['fails the client', (peer) => peer.send(CHALLENGE, '#FAILURE#'), 'ERR_LAUNCHPOOL_AUTH_FAILED'],
  ['closes after the answer', (peer) => peer.socket.end(framesOf(CHALLENGE)), 'ERR_LAUNCHPOOL_AUTH_FAILED'],
  [
    'knows the welcome, but not the key',
    (peer) => peer.send(CHALLENGE, '#WELCOME#', 'x'),
    'ERR_LAUNCHPOOL_AUTH_FAILED',
  ],
  ['says nothing', () => undefined, 'ERR_LAUNCHPOOL_AUTH_TIMEOUT'],
  ['stops in the middle', (peer) => peer.send(CHALLENGE), 'ERR_LAUNCHPOOL_AUTH_TIMEOUT'],
];

for (const [what, greet, code] of refusals) {
  test(`a client with a key is told when the server ${what}`, async (t) => {
    const { path } = await serveFrames(t, undefined, greet);
    const handshakeMs = code === 'ERR_LAUNCHPOOL_AUTH_TIMEOUT' ? 50 : 60_000;
    await t.throwsAsync(connectRaw(path, { authkey: KEY, handshakeMs }), { code });
  });
}

test('MD5 can be switched off', async (t) => {
  const { path } = await serveFrames(t, undefined, (peer) => peer.send(LEGACY_CHALLENGE));
  await t.throwsAsync(connectRaw(path, { authkey: KEY, md5: false }), { code: 'ERR_LAUNCHPOOL_AUTH_DIGEST' });
});
