/** The peer check: whether the agent's sockets are safe, and which users may connect to them. */
import type { Socket } from 'node:net';
import type { SocketCallsOptions } from '../../libc/socket.ts';
import { descriptorOf } from '../../libc/socket-descriptor.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { CONNECTION_DEFAULTS } from '../options/agent-table.ts';
import { createAllowedUsers } from './allowed-users.ts';
import { unsafeSocket } from './socket-safety.ts';

export type PeerCheckOptions = SocketCallsOptions & {
  /** Listening descriptors. */
  sockets: { agent: readonly number[]; control: readonly number[] };
  authkey: Uint8Array | undefined;
  allowUids: readonly number[];
  maxConnections: number | undefined;
  /** Called for each connection of a user that may not connect. */
  onRejected: (error: LaunchpoolError) => void;
};

export type PeerCheck = {
  /** The reason why the agent must not serve on these sockets; undefined when they are safe. */
  readonly unsafe: LaunchpoolError | undefined;
  /** The connection limit. */
  readonly maxConnections: number;
  /** See SocketCalls. */
  isGone(fd: number): boolean;
  /** Passes connections of allowed users to `onSocket`; closes the others before any input is read. */
  guard(
    socketName: keyof PeerCheckOptions['sockets'],
    onSocket: (socket: Socket) => void,
  ): (socket: Socket, fd: number) => void;
};

/** Loads native code while the first thread boots, so that no client waits for it. */
export async function createPeerCheck(options: PeerCheckOptions): Promise<PeerCheck> {
  const { createSocketCalls } = await import('../../libc/socket.ts');
  const { sockets, authkey, allowUids, maxConnections, onRejected } = options;
  const socketCalls = createSocketCalls(options);
  const refusalOf = {
    agent: createAllowedUsers({ socketCalls, allowUids }),
    // Users of --allow-uid may send requests, but may not control the agent.
    control: createAllowedUsers({ socketCalls, allowUids: [] }),
  };
  const ownUid = process.geteuid?.();
  const overTcp = new Set<number>();

  function unsafeOf(fd: number, open: { hasKey: boolean; hasOtherUsers: boolean }): LaunchpoolError | undefined {
    const address = socketCalls.addressOf(fd);
    // listen() reports a descriptor that is no socket.
    if (address === undefined) return undefined;
    if (address.family === 'tcp') overTcp.add(fd);
    return unsafeSocket(address, { ...open, ownUid });
  }

  const errors = [
    ...sockets.agent.map((fd) => unsafeOf(fd, { hasKey: authkey !== undefined, hasOtherUsers: allowUids.length > 0 })),
    // The control socket has no handshake.
    ...sockets.control.map((fd) => unsafeOf(fd, { hasKey: false, hasOtherUsers: false })),
  ];
  return {
    unsafe: errors.find((error) => error !== undefined),
    maxConnections: maxConnections ?? defaultMaxConnections(socketCalls.maxDescriptors),
    isGone: socketCalls.isGone,
    guard: (socketName, onSocket) => (socket, listeningFd) => {
      const refusal = overTcp.has(listeningFd) ? undefined : refusalOf[socketName](descriptorOf(socket));
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
