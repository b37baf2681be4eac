/** A client that sends exactly what a test writes, also input that launchpool's own client never sends. */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import { createFrameReader } from '../../wire/frame-reader.ts';
import { forEachFrame } from '../../wire/frame-walk.ts';

export type FrameClient = {
  /** Allows half-open connections: the agent's end does not end this side. */
  socket: Socket;
  /** The received frames. */
  frames: Buffer[];
  /** The errors of the socket; a regular end is no error. */
  errors: Error[];
  /** Resolves with all frames when `count` have come or the agent has ended its side. */
  until(count: number): Promise<string[]>;
  /** Resolves with all frames when the agent has ended its side. */
  ended: Promise<string[]>;
};

export async function dial(t: ExecutionContext, path: string): Promise<FrameClient> {
  const socket = createConnection({ path, allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  const errors: Error[] = [];
  // Some tests write after the agent has closed, which is an error here.
  socket.on('error', (error) => errors.push(error));
  await once(socket, 'connect');
  const frames: Buffer[] = [];
  const reader = createFrameReader();
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const waiting = new Set<() => void>();
  socket.on('data', (chunk: Buffer) => {
    reader.push(chunk, (run) => forEachFrame(run, (frame) => frames.push(frame)));
    for (const check of waiting) check();
  });
  socket.once('end', end);
  socket.once('close', end);
  const texts = (): string[] => frames.map(String);
  return {
    socket,
    frames,
    errors,
    async until(count) {
      const { promise: enough, resolve } = Promise.withResolvers<void>();
      const check = (): void => (frames.length >= count ? resolve() : undefined);
      waiting.add(check);
      check();
      await Promise.race([enough, ended]);
      waiting.delete(check);
      return texts();
    },
    ended: ended.then(texts),
  };
}
