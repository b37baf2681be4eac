/**
 * Clients that have ended their side: some read on and still get their replies, others are gone altogether, which the
 * event loop does not tell apart. The kernel does.
 */
import type { Socket } from 'node:net';
import { descriptorOf } from '../../../libc/socket-descriptor.ts';

/** Between two questions, in milliseconds. */
const CHECK_MS = 100;

export type HalfClosed = {
  /** Destroys the socket when its other side is gone, until it is closed otherwise. */
  add(socket: Socket): void;
};

/** @param isGone whether a descriptor's other side takes nothing any more. */
export function createHalfClosed(isGone: (fd: number) => boolean): HalfClosed {
  const entries = new Set<Socket>();
  let timer: NodeJS.Timeout | undefined;

  function check(): void {
    for (const socket of entries) {
      const fd = descriptorOf(socket);
      if (fd !== undefined && isGone(fd)) socket.destroy();
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
