/** A connection that writes given pieces, ends its side, and reads until the agent ends its side. */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createFrameReader } from '../../wire/frame-reader.ts';
import { forEachFrame } from '../../wire/frame-walk.ts';

export type Exchange = {
  frames: Buffer[];
  /** Whether the agent has ended the connection within the time limit. */
  ended: boolean;
};

/** @param pieces are written one after the other, each after the previous one is flushed. */
export async function exchange(path: string, pieces: readonly Buffer[], timeoutMs: number): Promise<Exchange> {
  const socket = createConnection({ path, allowHalfOpen: true });
  const frames: Buffer[] = [];
  const reader = createFrameReader();
  const ended = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => ended.resolve(false), timeoutMs);
  socket.on('data', (chunk: Buffer) =>
    reader.push(chunk, (run) => forEachFrame(run, (frame) => frames.push(Buffer.from(frame)))),
  );
  socket.once('end', () => ended.resolve(true));
  socket.once('close', () => ended.resolve(true));
  // Writing fails after the agent has closed the connection because of an invalid frame.
  socket.on('error', () => ended.resolve(true));
  try {
    await Promise.race([once(socket, 'connect'), ended.promise]);
    for (const piece of pieces) {
      if (!socket.writable) break;
      if (!socket.write(piece)) await Promise.race([once(socket, 'drain').catch(() => undefined), ended.promise]);
    }
    socket.end();
    return { ended: await ended.promise, frames };
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** Cuts bytes into pieces at the given offsets. */
export function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const cuts = [0, ...[...at].sort((one, other) => one - other), bytes.length];
  return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
}
