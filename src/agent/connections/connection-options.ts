/** The options and the operations of a connection. Types only. */
import type { Socket } from 'node:net';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import type { Peer } from '../../../workers/request-facts.ts';
import type { Dispatcher } from '../../dispatch/dispatcher-options.ts';
import type { Gate } from '../../gate/gate.ts';
import type { Log } from '../../log.ts';
import type { IncomingFrames } from './incoming-frames.ts';
import type { SlowClientReason } from './slow-client-timeout.ts';

export type ConnectionOptions = {
  socket: Socket;
  /** Who has connected; undefined over TCP. */
  peer: Peer | undefined;
  gate: Gate | undefined;
  dispatcher: Pick<Dispatcher, 'open' | 'allocate' | 'recycle' | 'hold' | 'mayStart'>;
  incoming: IncomingFrames;
  maxFrameBytes: number;
  /** Whether the first byte of the client may say that it speaks lines. */
  mayReadLines: boolean;
  /** Called for each activity of the client: whole received frames, a reply that it has taken. */
  onActivity: () => void;
  /** Called with the reason when the gate rejects the connection. */
  onRejected: (error: LaunchpoolError) => void;
  /** Whether the client of a socket has closed it altogether: see SocketCalls. */
  isGone: (fd: number) => boolean;
  /** Called when the client has ended its direction. */
  onHalfClosed: (socket: Socket) => void;
  /** Called once, after the socket has closed. */
  onClose: () => void;
  log: Log;
};

export type Connection = {
  /** Whether no byte has arrived, not even of a handshake. */
  readonly hasReceivedNothing: boolean;
  /** Whether a frame arrives, or a reply is taken, fast enough to keep the agent running. */
  readonly isProgressing: boolean;
  /** Closes gracefully: takes no more requests, and closes after the replies to the received ones. */
  close(): void;
  /** Closes at once. */
  destroy(): void;
  /**
   * Backpressure: reads on only while the agent has room and the client takes the replies.
   * @param isChanged whether the size of reads may have changed.
   */
  balance(isChanged?: boolean): void;
  /** Closes the connection if the client is too slow, and returns the reason. @param now see ConnectionChecks. */
  check(now: number): SlowClientReason | undefined;
};
