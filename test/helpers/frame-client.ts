/** A client that does no more than it is told: for what a well-behaved one would never do. */
import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import type { ExecutionContext } from 'ava';
import { forEachFrame } from '../../wire/frame.ts';
import { createFrameReader } from '../../wire/frame-reader.ts';

export type FrameClient = {
  /** Half-closed is allowed: the agent's end does not end this side. */
  socket: Socket;
  /** Every frame that has come. */
  frames: Buffer[];
  /** What has gone wrong with the socket; an end in good order is no error. */
  errors: Error[];
  /** Resolves with the frames once there are so many, or the agent has ended its side. */
  until(count: number): Promise<string[]>;
  /** Resolves with every frame when the agent has ended its side. */
  ended: Promise<string[]>;
};

export async function dial(t: ExecutionContext, path: string): Promise<FrameClient> {
  const socket = createConnection({ path, allowHalfOpen: true });
  t.teardown(() => socket.destroy());
  const errors: Error[] = [];
  // What is written after the agent has closed is lost, which some tests are about.
  socket.on('error', (error) => errors.push(error));
  await once(socket, 'connect');
  const frames: Buffer[] = [];
  const reader = createFrameReader();
  const { promise: isOver, resolve: over } = Promise.withResolvers<void>();
  const lookers = new Set<() => void>();
  socket.on('data', (chunk: Buffer) => {
    reader.push(chunk, (run) => forEachFrame(run, (frame) => frames.push(frame)));
    for (const inspect of lookers) inspect();
  });
  socket.once('end', over);
  socket.once('close', over);
  const texts = (): string[] => frames.map(String);
  return {
    socket,
    frames,
    errors,
    async until(count) {
      const { promise: enough, resolve } = Promise.withResolvers<void>();
      const inspect = (): void => (frames.length >= count ? resolve() : undefined);
      lookers.add(inspect);
      inspect();
      await Promise.race([enough, isOver]);
      lookers.delete(inspect);
      return texts();
    },
    ended: isOver.then(texts),
  };
}
