/** A server that answers in ROT13 as it should, or lies in a way of its own. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { createFrameSplitter, encodeFrames } from '../../bench/contenders/frames.ts';
import { loadJob, type Reply } from '../../bench/contenders/job.ts';
import { tempDir } from '../helpers/temp-dir.ts';

/**
 * Answers one request.
 * @param number which one it is on its connection, from 0.
 */
export type Lie = (answer: { reply: string; number: number; send: (reply: string) => void; socket: Socket }) => void;

export const honest: Lie = ({ reply, send }) => send(reply);

/** @returns the path of its socket. */
export async function serveLies(t: ExecutionContext, mode: 'raw' | 'rpc', lie: Lie): Promise<string> {
  const path = join(await tempDir(t), 'lies.sock');
  const job = await loadJob(mode, new URL(`../../bench/handlers/${mode}/rot13.ts`, import.meta.url).href);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    let number = 0;
    const send = (reply: Reply): unknown => socket.write(encodeFrames([reply]));
    const split = createFrameSplitter((payload) => {
      const reply = job(payload) as Reply;
      lie({ reply: typeof reply === 'string' ? reply : Buffer.from(reply).toString('latin1'), number, send, socket });
      number += 1;
    });
    sockets.add(socket);
    socket.on('data', split).on('error', () => socket.destroy());
  });
  server.listen(path);
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return path;
}
