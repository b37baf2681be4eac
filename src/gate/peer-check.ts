/** Who comes in at all: at which sockets the agent may be had, and which users may speak there. */
import type { Socket } from 'node:net';
import type { SocketCallsOptions } from '../../libc/socket.ts';
import { descriptorOf } from '../../libc/socket-descriptor.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { CONNECTION_DEFAULTS } from '../options/agent-table.ts';
import { createAllowedUsers } from './allowed-users.ts';
import { unsafeSocket } from './socket-safety.ts';

export type PeerCheckOptions = SocketCallsOptions & {
  /** Descriptors that listen. */
  sockets: { agent: readonly number[]; control: readonly number[] };
  authkey: Uint8Array | undefined;
  allowUids: readonly number[];
  maxConnections: number | undefined;
  /** Hears of each connection that has been closed unheard. */
  onRejected: (error: LaunchpoolError) => void;
};

export type PeerCheck = {
  /** Why the agent must not be had at these sockets. */
  readonly unsafe: LaunchpoolError | undefined;
  /** The most connections at once. */
  readonly maxConnections: number;
  /** Whether the other side of a connection is gone altogether: see kernel.ts. */
  isGone(fd: number): boolean;
  /** Hands on the connections of those who may speak; the others are closed, before a byte of theirs is read. */
  guard(
    at: keyof PeerCheckOptions['sockets'],
    onSocket: (socket: Socket) => void,
  ): (socket: Socket, fd: number) => void;
};

/** koffi, which is native code, is loaded here: while the first thread boots, so that nobody waits for it. */
export async function createPeerCheck(options: PeerCheckOptions): Promise<PeerCheck> {
  const { createSocketCalls } = await import('../../libc/socket.ts');
  const { sockets, authkey, allowUids, maxConnections, onRejected } = options;
  const socketCalls = createSocketCalls(options);
  const refusalOf = {
    agent: createAllowedUsers({ socketCalls, allowUids }),
    // Who may call is not who may have the agent leave.
    control: createAllowedUsers({ socketCalls, allowUids: [] }),
  };
  const ownUid = process.geteuid?.();
  const overTcp = new Set<number>();

  function unsafeOf(fd: number, open: { hasKey: boolean; hasOtherUsers: boolean }): LaunchpoolError | undefined {
    const address = socketCalls.addressOf(fd);
    // Whoever listens on it will say what it is.
    if (address === undefined) return undefined;
    if (address.family === 'tcp') overTcp.add(fd);
    return unsafeSocket(address, { ...open, ownUid });
  }

  const found = [
    ...sockets.agent.map((fd) => unsafeOf(fd, { hasKey: authkey !== undefined, hasOtherUsers: allowUids.length > 0 })),
    // Nobody is asked for a key there.
    ...sockets.control.map((fd) => unsafeOf(fd, { hasKey: false, hasOtherUsers: false })),
  ];
  return {
    unsafe: found.find((error) => error !== undefined),
    maxConnections: maxConnections ?? defaultMaxConnections(socketCalls.maxDescriptors),
    isGone: socketCalls.isGone,
    guard: (at, onSocket) => (socket, listeningFd) => {
      const refusal = overTcp.has(listeningFd) ? undefined : refusalOf[at](descriptorOf(socket));
      if (refusal === undefined) return onSocket(socket);
      socket.destroy();
      onRejected(refusal);
    },
  };
}

function defaultMaxConnections(descriptors: number): number {
  const { connections, shareOfDescriptors, ownDescriptors } = CONNECTION_DEFAULTS;
  return Math.max(1, Math.min(connections, Math.floor(descriptors * shareOfDescriptors), descriptors - ownDescriptors));
}
