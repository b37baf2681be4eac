/** Whether a TCP port can be had: launchd leaves out a socket that it cannot bind, and tells nobody. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { TcpAddress } from '../../job/job.ts';
import { LaunchpoolError } from '../../wire/errors.ts';

/** @throws ERR_LAUNCHPOOL_SOCKET_IN_USE, ERR_LAUNCHPOOL_SOCKET_FAILED */
export async function checkPort(address: TcpAddress): Promise<void> {
  const server = createServer();
  try {
    await once(server.listen(address), 'listening');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const text = textOf(address);
    if (code === 'EADDRINUSE') {
      throw new LaunchpoolError('ERR_LAUNCHPOOL_SOCKET_IN_USE', `somebody listens at ${text} already`, {
        cause,
        hint: 'Choose another port with --tcp, or end what listens there.',
      });
    }
    throw new LaunchpoolError('ERR_LAUNCHPOOL_SOCKET_FAILED', `cannot listen at ${text}: ${code}`, {
      cause,
      hint: 'Choose another port with --tcp: those below 1024 are for root alone.',
    });
  } finally {
    server.close();
  }
}

/**
 * Connects, and resolves when the other side has spoken, as an agent with an authkey does.
 * @returns what closes the connection.
 * @throws ERR_LAUNCHPOOL_NOT_READY
 */
export async function connectToPort(address: TcpAddress, timeoutMs: number): Promise<() => void> {
  const socket = connect(address);
  try {
    await once(socket, 'data', { signal: AbortSignal.timeout(timeoutMs) });
    return () => socket.destroy();
  } catch (cause) {
    socket.destroy();
    throw new LaunchpoolError('ERR_LAUNCHPOOL_NOT_READY', `no agent answers at ${textOf(address)}`, {
      cause,
      hint: 'Does something else listen there? Choose another port with --tcp.',
    });
  }
}

export function textOf({ host, port }: TcpAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
