/** Connects to a socket, with retries for an agent whose installation is not finished yet. */
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { LaunchpoolError } from '../../wire/errors.ts';
import { stoppedError, stoppedLabelAt } from '../../wire/stopped.ts';
import { checkSocketOwner } from './socket-owner.ts';

const FIRST_RETRY_MS = 10;
const MAX_RETRY_MS = 250;

/**
 * Retries for up to `activationMs`, also after ECONNREFUSED: macOS reports a full queue in the same way as a socket without
 * a listener. An agent that is stopped on purpose is not waited for.
 * @param serverUids the users who may own the socket, besides the caller and root.
 * @throws ERR_LAUNCHPOOL_CONNECT_FAILED, ERR_LAUNCHPOOL_STOPPED, ERR_LAUNCHPOOL_SOCKET_OWNER
 */
export async function connectWithRetry(
  path: string,
  activationMs: number,
  serverUids: readonly number[] = [],
): Promise<Socket> {
  const deadline = clockMs() + activationMs;
  for (let retryMs = FIRST_RETRY_MS; ; retryMs = Math.min(retryMs * 2, MAX_RETRY_MS)) {
    try {
      return await connectOnce(path, serverUids);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const leftMs = deadline - clockMs();
      const isTransient = code === 'ECONNREFUSED' || code === 'ENOENT' || code === 'EAGAIN';
      if (error instanceof LaunchpoolError) throw error;
      const stopped = isTransient ? stoppedLabelAt(path) : undefined;
      if (stopped !== undefined) throw stoppedError(stopped, error);
      if (!isTransient || leftMs <= 0) throw connectFailed(path, error as NodeJS.ErrnoException);
      await wait(Math.min(retryMs, leftMs));
    }
  }
}

/** Unlike `performance`, it has no modules to load: a shell waits for them. */
function clockMs(): number {
  return process.uptime() * 1000;
}

async function connectOnce(path: string, serverUids: readonly number[]): Promise<Socket> {
  try {
    checkSocketOwner(path, serverUids);
  } catch (error) {
    // connect(2) reports a socket that is missing or out of reach.
    if (error instanceof LaunchpoolError) throw error;
  }
  const socket = await connected(path);
  try {
    // Another socket may have come to the path before the connection was made.
    checkSocketOwner(path, serverUids);
    return socket;
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    throw error;
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

function connectFailed(path: string, cause: NodeJS.ErrnoException): LaunchpoolError {
  const hints: Record<string, string> = {
    ENOENT: 'The socket does not exist. Install the agent, or start `launchpool dev`.',
    ECONNREFUSED: 'No process holds the socket. Check that the service manager or `launchpool dev` runs.',
    EACCES: 'The socket belongs to another user, and is not open to this one.',
  };
  return new LaunchpoolError('ERR_LAUNCHPOOL_CONNECT_FAILED', `cannot connect to ${path}: ${cause.code}`, {
    cause,
    hint: hints[cause.code ?? ''],
  });
}
