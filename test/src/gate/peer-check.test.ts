/** The peer check on macOS: descriptor 40 is a UNIX socket with a peer of user 501, descriptor 41 listens on ::1. */
import type { Socket } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { createPeerCheck, type PeerCheck, type PeerCheckOptions } from '../../../src/gate/peer-check.ts';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { compileLibrary } from '../../helpers/c-library.ts';

const UNIX = 40;
const TCP = 41;
const UNKNOWN = 42;

async function createTestPeerCheck(
  t: ExecutionContext,
  options: Partial<PeerCheckOptions>,
): Promise<PeerCheck & { rejected: LaunchpoolError[]; isAdmitted(listeningFd: number, fd: number): boolean }> {
  const rejected: LaunchpoolError[] = [];
  const peerCheck = await createPeerCheck({
    platform: 'darwin',
    library: await compileLibrary(t, 'gate/libmacos.c'),
    sockets: { agent: [UNIX], control: [] },
    authkey: undefined,
    allowUids: [],
    maxConnections: undefined,
    onRejected: (error) => rejected.push(error),
    ...options,
  });
  return {
    ...peerCheck,
    rejected,
    isAdmitted(listeningFd, fd) {
      let [isPassed, isDestroyed] = [false, false];
      const socket = {
        _handle: { fd },
        destroy() {
          isDestroyed = true;
        },
      };
      peerCheck.guard('agent', () => {
        isPassed = true;
      })(socket as unknown as Socket, listeningFd);
      t.is(isDestroyed, !isPassed);
      return isPassed;
    },
  };
}

test('allowed users pass; others are rejected, and each rejection is reported', async (t) => {
  t.true((await createTestPeerCheck(t, { allowUids: [501] })).isAdmitted(UNIX, UNIX));
  const closed = await createTestPeerCheck(t, { allowUids: [502] });
  t.false(closed.isAdmitted(UNIX, UNIX));
  t.false(closed.isAdmitted(UNIX, UNKNOWN));
  t.like(closed.rejected, [{ data: { uid: 501 } }, { data: { uid: undefined } }]);
});

test('TCP needs a key, and cannot serve the control socket', async (t) => {
  const authkey = Buffer.from('key');
  const open = await createTestPeerCheck(t, { authkey, sockets: { agent: [UNIX, TCP], control: [] } });
  t.is(open.unsafe, undefined);
  t.true(open.isAdmitted(TCP, UNKNOWN));
  t.false(open.isAdmitted(UNIX, UNKNOWN));
  for (const [given, sockets] of [
    [undefined, { agent: [UNIX, TCP], control: [] }],
    [authkey, { agent: [UNIX], control: [TCP] }],
  ] as const) {
    t.is((await createTestPeerCheck(t, { authkey: given, sockets })).unsafe?.code, 'ERR_LAUNCHPOOL_SOCKET_UNSAFE');
  }
});

test('a descriptor that is no socket is left to the listener', async (t) => {
  t.is((await createTestPeerCheck(t, { sockets: { agent: [UNKNOWN], control: [UNKNOWN] } })).unsafe, undefined);
});

test('the connection limit is 80 % of the descriptors, or the given number', async (t) => {
  t.is((await createTestPeerCheck(t, {})).maxConnections, 204);
  t.is((await createTestPeerCheck(t, { maxConnections: 100_000 })).maxConnections, 100_000);
});
