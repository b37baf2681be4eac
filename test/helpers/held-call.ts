/** Keeps a call open until a test releases it: the socket that hold() of test/fixtures/agents/supervised.ts waits for. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { tempDir } from './temp-dir.ts';

export type HeldCall = {
  /** The argument for hold(). */
  path: string;
  /** Resolves when the handler runs. */
  running: Promise<void>;
  /** Lets the handler return. */
  release(): void;
};

export async function heldCall(t: ExecutionContext): Promise<HeldCall> {
  const path = join(await tempDir(t), 'hold.sock');
  const server = createServer().listen(path);
  await once(server, 'listening');
  let handler: Socket | undefined;
  const running = once(server, 'connection').then(([socket]) => {
    handler = socket;
    handler?.on('error', () => undefined);
  });
  const release = (): void => {
    handler?.end();
    server.close();
  };
  t.teardown(release);
  return { path, running, release };
}
