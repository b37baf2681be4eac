/** The peer check: whether the agent's sockets are safe, and which users may connect to them. */
import type { Socket } from 'node:net';
import type { SocketCallsOptions, SocketPeer } from '../../libc/socket.ts';
import { descriptorOf } from '../../libc/socket-descriptor.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { CONNECTION_DEFAULTS } from '../options/agent-table.ts';
import { createAllowedUsers } from './allowed-users.ts';
import { UNCHECKED, unsafeSocket } from './socket-safety.ts';

type SocketName = 'agent' | 'control';

export type RenamedSockets = { jobPaths: Readonly<Record<SocketName, string>> | undefined };

export type PeerCheckOptions = SocketCallsOptions & {
  /** Listening descriptors. */
  sockets: { agent: readonly number[]; control: readonly number[] };
  authkey: Uint8Array | undefined;
  allowUids: readonly number[];
  maxConnections: number | undefined;
  /** The paths of the job, if its supervisor renames sockets: see SafetyOptions. */
  renamed?: RenamedSockets | undefined;
  /** Called for each connection of a user that may not connect. */
  onRejected: (error: LaunchpoolError) => void;
};

type Open = { hasKey: boolean; hasOtherUsers: boolean };

export type PeerCheck = {
  /** The reason why the agent must not serve on these sockets; undefined when they are safe. */
  readonly unsafe: LaunchpoolError | undefined;
  /** The sockets whose owner and mode are not known. */
  readonly unchecked: readonly SocketName[];
  /** The connection limit. */
  readonly maxConnections: number;
  /** See SocketCalls. */
  isGone(fd: number): boolean;
  /** Passes connections of allowed users to `onSocket`; closes the others before any input is read. */
  guard(
    socketName: SocketName,
    onSocket: (socket: Socket, peer?: SocketPeer) => void,
  ): (socket: Socket, fd: number) => void;
};

/** Loads native code while the first thread boots, so that no client waits for it. */
export async function createPeerCheck(options: PeerCheckOptions): Promise<PeerCheck> {
  const { createSocketCalls } = await import('../../libc/socket.ts');
  const { sockets, authkey, allowUids, maxConnections, renamed, onRejected } = options;
  const socketCalls = createSocketCalls(options);
  const refusalOf = {
    agent: createAllowedUsers({ allowUids }),
    // Users of --allow-uid may send requests, but may not control the agent.
    control: createAllowedUsers({ allowUids: [] }),
  };
  const ownUid = process.geteuid?.();
  const overTcp = new Set<number>();

  function unsafeOf(fd: number, name: SocketName, open: Open): ReturnType<typeof unsafeSocket> {
    const address = socketCalls.addressOf(fd);
    // listen() reports a descriptor that is no socket.
    if (address === undefined) return undefined;
    if (address.family === 'tcp') overTcp.add(fd);
    return unsafeSocket(address, { ...open, ownUid, renamed: renamed && { jobPath: renamed.jobPaths?.[name] } });
  }

  const openOf: Record<SocketName, Open> = {
    agent: { hasKey: authkey !== undefined, hasOtherUsers: allowUids.length > 0 },
    // The control socket has no handshake.
    control: { hasKey: false, hasOtherUsers: false },
  };
  const judged = (['agent', 'control'] as const).map((name) => ({
    name,
    results: sockets[name].map((fd) => unsafeOf(fd, name, openOf[name])),
  }));
  return {
    unsafe: judged.flatMap(({ results }) => results).find((result) => result instanceof LaunchpoolError),
    unchecked: judged.filter(({ results }) => results.includes(UNCHECKED)).map(({ name }) => name),
    maxConnections: maxConnections ?? defaultMaxConnections(socketCalls.maxDescriptors),
    isGone: socketCalls.isGone,
    guard: (socketName, onSocket) => (socket, listeningFd) => {
      if (overTcp.has(listeningFd)) return onSocket(socket);
      const fd = descriptorOf(socket);
      const peer = fd === undefined ? undefined : socketCalls.peerOf(fd);
      const refusal = refusalOf[socketName](peer?.uid);
      if (refusal === undefined) return onSocket(socket, peer);
      socket.destroy();
      onRejected(refusal);
    },
  };
}

function defaultMaxConnections(descriptors: number): number {
  const { connections, shareOfDescriptors, ownDescriptors } = CONNECTION_DEFAULTS;
  return Math.max(1, Math.min(connections, Math.floor(descriptors * shareOfDescriptors), descriptors - ownDescriptors));
}
