/** The descriptor of a socket of node:net, which has no public name for it. */
import type { Socket } from 'node:net';

type Handle = { _handle: { fd?: number } | null };

/** Undefined when the socket is closed. */
export function descriptorOf(socket: Socket): number | undefined {
  const fd = (socket as unknown as Handle)._handle?.fd ?? -1;
  return fd < 0 ? undefined : fd;
}
