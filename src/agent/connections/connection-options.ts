/** What a connection needs of its agent. */
import type { Socket } from 'node:net';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import type { Dispatcher } from '../../dispatch/dispatcher.ts';
import type { Gate } from '../../gate/gate.ts';
import type { Log } from '../../log.ts';

export type ConnectionOptions = {
  socket: Socket;
  gate: Gate | undefined;
  dispatcher: Pick<Dispatcher, 'open' | 'allocate'>;
  maxFrameBytes: number;
  /** Called for each activity of the client: whole received frames, a reply that it has taken. */
  onActivity: () => void;
  /** Called with the reason when the gate rejects the connection. */
  onRejected: (error: LaunchpoolError) => void;
  /** Called when the client has ended its direction. */
  onHalfClosed: (socket: Socket) => void;
  /** Called once, after the socket has closed. */
  onClose: () => void;
  log: Log;
};
