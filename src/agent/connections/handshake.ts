/** The handshake of a connection, on its socket. */
import type { Socket } from 'node:net';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { encodeFrame } from '../../../wire/frame.ts';
import { type Contained, contain } from '../../dispatch/connection/containment.ts';
import type { Gate, PendingHandshake } from '../../gate/gate.ts';

/** @param onPassed called once at the end of the handshake, with the reason if it has failed. */
export function openHandshake(
  gate: Gate,
  socket: Socket,
  connection: Contained,
  onPassed: (refusal?: LaunchpoolError) => void,
): PendingHandshake {
  return gate.open(
    (payload) => socket.write(encodeFrame(payload)),
    // Also called by a timer, at the deadline.
    (refusal) => contain(connection, () => onPassed(refusal)),
  );
}
