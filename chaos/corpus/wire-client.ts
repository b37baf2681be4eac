/** A connection that writes what it is told, in pieces, ends its side, and reads until the agent has ended its own. */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { forEachFrame } from '../../wire/frame.ts';
import { createFrameReader } from '../../wire/frame-reader.ts';

export type Conversation = {
  frames: Buffer[];
  /** Whether the agent has ended it within the time. */
  ended: boolean;
};

/** @param pieces are written one after the other, each in a turn of its own. */
export async function converse(path: string, pieces: readonly Buffer[], withinMs: number): Promise<Conversation> {
  const socket = createConnection({ path, allowHalfOpen: true });
  const frames: Buffer[] = [];
  const reader = createFrameReader();
  const over = Promise.withResolvers<boolean>();
  const late = setTimeout(() => over.resolve(false), withinMs);
  socket.on('data', (chunk: Buffer) =>
    reader.push(chunk, (run) => forEachFrame(run, (frame) => frames.push(Buffer.from(frame)))),
  );
  socket.once('end', () => over.resolve(true));
  socket.once('close', () => over.resolve(true));
  // An agent that has seen enough closes, and what is written then is nobody's.
  socket.on('error', () => over.resolve(true));
  try {
    await Promise.race([once(socket, 'connect'), over.promise]);
    for (const piece of pieces) {
      if (!socket.writable) break;
      if (!socket.write(piece)) await Promise.race([once(socket, 'drain').catch(() => undefined), over.promise]);
    }
    socket.end();
    return { ended: await over.promise, frames };
  } finally {
    clearTimeout(late);
    socket.destroy();
  }
}

/** Cuts bytes into pieces somewhere, at most so many. */
export function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const cuts = [0, ...[...at].sort((one, other) => one - other), bytes.length];
  return cuts.slice(1).map((end, index) => bytes.subarray(cuts[index], end));
}
