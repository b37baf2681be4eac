/** Turns accepted sockets into connections, within the connection limit and under the checks for slow clients. */
import type { Socket } from 'node:net';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import type { Peer } from '../../../workers/request-facts.ts';
import type { Dispatcher } from '../../dispatch/dispatcher-options.ts';
import type { Gate } from '../../gate/gate.ts';
import type { PeerCheck } from '../../gate/peer-check.ts';
import type { Log } from '../../log.ts';
import { createConnection } from './connection.ts';
import { type ConnectionChecks, createConnectionChecks } from './connection-checks.ts';
import { createConnectionLimit } from './connection-limit.ts';
import { createHalfClosed } from './half-closed.ts';
import { createIncomingFrames } from './incoming-frames.ts';
import type { OpenConnections } from './open-connections.ts';

/** The share of `maxBytes` that frames may take while they arrive. */
const INCOMING_SHARE = 0.5;

export type AcceptorOptions = {
  connections: OpenConnections;
  peerCheck: Pick<PeerCheck, 'maxConnections' | 'isGone'>;
  gate: Gate | undefined;
  dispatcher: Pick<Dispatcher, 'open' | 'allocate' | 'recycle' | 'hold' | 'mayStart'>;
  maxFrameBytes: number;
  /** The highest number of bytes of requests, replies and arriving frames. */
  maxBytes: number;
  /** Whether the module is known to be an RPC agent, whose clients understand an error reply. */
  isRpc: () => boolean;
  /** Called for each accepted connection, and for its activity: see ConnectionOptions. */
  onActivity: () => void;
  onRejected: (error: LaunchpoolError) => void;
  /** Called after each close of a connection. */
  onClose: () => void;
  log: Log;
};

export type Acceptor = {
  /** Takes over an accepted, paused socket. */
  accept(socket: Socket, peer?: Peer): void;
  /** The number of connections that were closed because of a slow client. */
  readonly slowClients: ConnectionChecks['counts'];
};

export function createAcceptor({ connections, peerCheck, gate, isRpc, ...options }: AcceptorOptions): Acceptor {
  const { dispatcher, maxFrameBytes, maxBytes, onActivity, onRejected, onClose, log } = options;
  const limit = createConnectionLimit({
    max: peerCheck.maxConnections,
    connections: () => connections.all.size,
    unauthenticated: () => gate?.unauthenticated ?? 0,
    canReply: () => gate === undefined && isRpc(),
    onRejected,
  });
  const incoming = createIncomingFrames({
    maxBytes: INCOMING_SHARE * maxBytes,
    count: (bytes) => dispatcher.hold('incoming', bytes),
    connections: () => connections.all,
  });
  const halfClosed = createHalfClosed(peerCheck.isGone);
  const checks = createConnectionChecks({
    connections: connections.all,
    onSlow: (_connection, reason) => log.warn({ reason }, 'slow-client-closed'),
  });

  return {
    accept(socket, peer) {
      if (!limit.admit(socket)) return;
      onActivity();
      const connection = createConnection({
        socket,
        peer,
        gate,
        dispatcher,
        incoming,
        maxFrameBytes,
        mayReadLines: gate === undefined && isRpc(),
        onActivity,
        onRejected,
        isGone: peerCheck.isGone,
        onHalfClosed: halfClosed.add,
        onClose: () => {
          connections.remove(connection);
          onClose();
        },
        log,
      });
      connections.add(connection);
      checks.start();
    },
    slowClients: checks.counts,
  };
}
