/** Who comes in, as macOS would have it: descriptor 40 is a UNIX socket of user 501's, 41 listens at ::1. */
import type { Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { createPeerCheck, type PeerCheck, type PeerCheckOptions } from '../../../src/gate/peer-check.ts';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { compileLibrary } from '../../helpers/c-library.ts';

const UNIX = 40;
const TCP = 41;
const NOT_KNOWN = 42;

async function peerCheck(
  t: ExecutionContext,
  options: Partial<PeerCheckOptions>,
): Promise<PeerCheck & { received: LaunchpoolError[]; comesIn(listeningFd: number, fd: number): boolean }> {
  const received: LaunchpoolError[] = [];
  const opened = await createPeerCheck({
    platform: 'darwin',
    library: await compileLibrary(t, 'gate/libmacos.c'),
    sockets: { agent: [UNIX], control: [] },
    authkey: undefined,
    allowUids: [],
    maxConnections: undefined,
    onRejected: (error) => received.push(error),
    ...options,
  });
  return {
    ...opened,
    received,
    comesIn(listeningFd, fd) {
      let [isIn, isDestroyed] = [false, false];
      const socket = {
        _handle: { fd },
        destroy() {
          isDestroyed = true;
        },
      };
      opened.guard('agent', () => {
        isIn = true;
      })(socket as unknown as Socket, listeningFd);
      t.is(isDestroyed, !isIn);
      return isIn;
    },
  };
}

test('who may speak comes in, and nobody else, which is told each time', async (t) => {
  t.true((await peerCheck(t, { allowUids: [501] })).comesIn(UNIX, UNIX));
  const closed = await peerCheck(t, { allowUids: [502] });
  t.false(closed.comesIn(UNIX, UNIX));
  t.false(closed.comesIn(UNIX, NOT_KNOWN));
  t.like(closed.received, [{ data: { uid: 501 } }, { data: { uid: undefined } }]);
});

test('over TCP it is the key that counts, for requests only', async (t) => {
  const authkey = Buffer.from('key');
  const open = await peerCheck(t, { authkey, sockets: { agent: [UNIX, TCP], control: [] } });
  t.is(open.unsafe, undefined);
  t.true(open.comesIn(TCP, NOT_KNOWN));
  t.false(open.comesIn(UNIX, NOT_KNOWN));
  for (const [given, sockets] of [
    [undefined, { agent: [UNIX, TCP], control: [] }],
    [authkey, { agent: [UNIX], control: [TCP] }],
  ] as const) {
    t.is((await peerCheck(t, { authkey: given, sockets })).unsafe?.code, 'ERR_LAUNCHPOOL_SOCKET_UNSAFE');
  }
});

test('what is no socket is left to who listens on it', async (t) => {
  t.is((await peerCheck(t, { sockets: { agent: [NOT_KNOWN], control: [NOT_KNOWN] } })).unsafe, undefined);
});

test('connections are 80 % of the descriptors, or as many as is said', async (t) => {
  t.is((await peerCheck(t, {})).maxConnections, 204);
  t.is((await peerCheck(t, { maxConnections: 100_000 })).maxConnections, 100_000);
});
