/** The number by which the kernel knows a socket. Node has it, and does not tell. */
import type { Socket } from 'node:net';

type Handle = { _handle: { fd?: number } | null };

/** Undefined when it is closed. */
export function descriptorOf(socket: Socket): number | undefined {
  const fd = (socket as unknown as Handle)._handle?.fd ?? -1;
  return fd < 0 ? undefined : fd;
}
