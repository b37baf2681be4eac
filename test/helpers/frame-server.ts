/** A server for tests of clients: passes each frame to a function of the test. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { encodeFrame } from '../../wire/frame.ts';
import { createFrameReader } from '../../wire/frame-reader.ts';
import { forEachFrame } from '../../wire/frame-walk.ts';
import { tempDir } from './temp-dir.ts';

/** The server's end of a connection. */
export type Peer = {
  socket: Socket;
  /** Sends each payload as a frame, all in one write. */
  send(...payloads: readonly (Uint8Array | string)[]): void;
};

export type FrameServer = {
  path: string;
  /** The connections, in the order in which they were opened. */
  peers: Peer[];
};

export type OnFrame = (payload: Buffer, peer: Peer) => void;

/**
 * @param onFrame is called with each frame of each client.
 * @param onConnect is called with each client.
 */
export async function serveFrames(
  t: ExecutionContext,
  onFrame: OnFrame = () => undefined,
  onConnect: (peer: Peer) => void = () => undefined,
): Promise<FrameServer> {
  const path = join(await tempDir(t), 'f.sock');
  const peers: Peer[] = [];
  const server = createServer((socket) => {
    const send: Peer['send'] = (...payloads) => socket.write(framesOf(...payloads));
    const peer = { socket, send };
    const reader = createFrameReader();
    socket.on('data', (chunk: Buffer) =>
      reader.push(chunk, (run) => forEachFrame(run, (frame) => onFrame(frame, peer))),
    );
    // A client may close before it has read everything.
    socket.on('error', () => undefined);
    peers.push(peer);
    onConnect(peer);
  });
  server.listen(path);
  await once(server, 'listening');
  t.teardown(() => {
    for (const { socket } of peers) socket.destroy();
    server.close();
  });
  return { path, peers };
}

/** The payloads as one run of frames. */
export function framesOf(...payloads: readonly (Uint8Array | string)[]): Buffer {
  return Buffer.concat(payloads.map((payload) => encodeFrame(Buffer.from(payload as Uint8Array))));
}
