/** Ties each link to a connection of the agent: what holds for a client of the socket holds for one on NATS. */
import type { Socket } from 'node:net';
import type { Link } from '../nats/link.ts';

/** Bytes go both ways, with the backpressure of both; an end of one direction is passed on, and so is a close. */
export function tie(link: Link, socket: Socket, onError: (error: Error) => void): void {
  link.pipe(socket);
  socket.pipe(link);
  // Its client is gone: the agent cancels its requests.
  link.once('close', () => {
    if (link.errored === null) socket.destroySoon();
    else socket.destroy();
  });
  socket.once('error', onError);
  socket.once('close', () => link.destroySoon());
}
