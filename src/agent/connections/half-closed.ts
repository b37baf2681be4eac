/**
 * Clients that have ended their direction: some wait for replies, others have closed the connection. Only the kernel
 * distinguishes the two; the event loop does not.
 */
import type { Socket } from 'node:net';
import { descriptorOf } from '../../../libc/socket-descriptor.ts';
import { contain } from '../../dispatch/connection/containment.ts';

/** Interval of the checks. */
const CHECK_MS = 100;
/** How many sockets one check asks about: each question takes microseconds, and an agent may have thousands. */
export const CHECKED_SOCKETS = 256;

export type HalfClosed = {
  /** Checks the socket until it closes, and destroys it once its client has closed the connection. */
  add(socket: Socket): void;
};

/** @param isGone see SocketCalls. */
export function createHalfClosed(isGone: (fd: number) => boolean): HalfClosed {
  const entries = new Set<Socket>();
  let timer: NodeJS.Timeout | undefined;

  /** The sockets have their turns in a circle. */
  function check(): void {
    for (const socket of firstOf(entries, CHECKED_SOCKETS)) {
      entries.delete(socket);
      entries.add(socket);
      const fd = descriptorOf(socket);
      const onFault = (error: unknown): void => void socket.destroy(error as Error);
      contain({ onFault }, () => {
        if (fd !== undefined && isGone(fd)) socket.destroy();
      });
    }
  }

  return {
    add(socket) {
      entries.add(socket);
      timer ??= setInterval(check, CHECK_MS).unref();
      socket.once('close', () => {
        entries.delete(socket);
        if (entries.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      });
    },
  };
}

function firstOf<Item>(items: Iterable<Item>, count: number): Item[] {
  const first: Item[] = [];
  for (const item of items) {
    if (first.length === count) break;
    first.push(item);
  }
  return first;
}
