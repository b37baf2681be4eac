/** The socket over which a process calls its own agent: in a folder that only the user can enter. */
import { chmodSync, rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkSocketPath } from '../../wire/address.ts';

export type PrivateSocket = {
  readonly path: string;
  /** Takes no more connections, and removes the folder. */
  close(): void;
};

/** @param onSocket takes over the agent's end, which is paused and may be half-open. */
export async function openPrivateSocket(onSocket: (socket: Socket) => void): Promise<PrivateSocket> {
  const folder = await mkdtemp(join(tmpdir(), 'launchpool-serve-'));
  const path = checkSocketPath(join(folder, 's'));
  chmodSync(folder, 0o700);
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, onSocket);
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  return {
    path,
    close() {
      server.close();
      process.off('exit', remove);
      remove();
    },
  };
}
