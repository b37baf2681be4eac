/** Connects to a socket, patiently enough for an agent that is just being installed. */
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { LaunchpoolError } from '../../wire/errors.ts';

const FIRST_RETRY_MS = 10;
const MAX_RETRY_MS = 250;

/**
 * Tries for `activationMs` at the most: on macOS a full queue looks just like nobody listening.
 * @throws ERR_LAUNCHPOOL_CONNECT_FAILED
 */
export async function reach(path: string, activationMs: number): Promise<Socket> {
  const deadline = performance.now() + activationMs;
  for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, MAX_RETRY_MS)) {
    try {
      return await connected(path);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const left = deadline - performance.now();
      const transient = code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'EAGAIN';
      if (!transient || left <= 0) throw unreachable(path, error as NodeJS.ErrnoException);
      await wait(Math.min(retryMs, left));
    }
  }
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

function unreachable(path: string, cause: NodeJS.ErrnoException): LaunchpoolError {
  const hints: Record<string, string> = {
    ENOENT: 'There is no such socket: is the agent installed, or `launchpool dev` running?',
    ECONNREFUSED: 'The socket is there and nobody holds it: is the service manager or `launchpool dev` running?',
    EACCES: 'The socket belongs to another user.',
  };
  return new LaunchpoolError('ERR_LAUNCHPOOL_CONNECT_FAILED', `cannot connect to ${path}: ${cause.code}`, {
    cause,
    hint: hints[cause.code ?? ''],
  });
}
