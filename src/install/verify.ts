/** Verifies that an installed agent answers at the sockets that its clients use. */
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { TcpAddress } from '../../job/job.ts';
import type { SocketPaths } from '../../wire/address.ts';
import { fromPlain, LaunchpoolError, type PlainError, toPlain } from '../../wire/errors.ts';
import { connectWithRetry } from '../client/connect-with-retry.ts';
import { CONTROL_TIMEOUTS, connectControl, type ProcessStatus } from '../control/client.ts';

const RETRY_MS = 50;
const NO_ANSWER = 'no agent answers';

export type VerifyOptions = {
  sockets: SocketPaths;
  /** The agent's TCP address, if it has one. */
  tcp?: TcpAddress | undefined;
  /** The folder of the version. The module of the agent that answers must be in it. */
  folder: string;
  timeoutMs: number;
  /** The process before, which must not be the one that answers. */
  before?: number | undefined;
  /** Asks the running process to exit. A client may have started one from another version in between. */
  dismiss: () => Promise<unknown>;
};

/**
 * Connects to the agent's socket, which starts the agent, and asks at the control socket until the process that answers
 * runs the given version. The process before may still be running.
 * @returns the id of the new process.
 * @throws ERR_LAUNCHPOOL_NOT_READY, or the error with which the module fails to load
 */
export async function verify({ sockets, tcp, folder, timeoutMs, before, dismiss }: VerifyOptions): Promise<number> {
  const deadline = Date.now() + timeoutMs;
  const dismissed = new Set<number>();
  let reason = NO_ANSWER;
  while (Date.now() < deadline) {
    try {
      const ready = await requestReady(sockets, deadline - Date.now());
      if (ready.pid === before) {
        reason = `process ${before} is still running`;
      } else if (ready.module.startsWith(`${folder}/`)) {
        if (ready.broken !== undefined) throw moduleError(ready.broken);
        if (ready.connectionsServed > 0) {
          if (tcp !== undefined) await verifyTcp(sockets, tcp, ready.pid);
          return ready.pid;
        }
        reason = `no connection arrives at ${sockets.agent}`;
      } else {
        reason = `another agent answers, with the module ${ready.module}`;
        // Once only: a process that is asked twice may exit before its requests are done.
        if (!dismissed.has(ready.pid)) await dismiss();
        dismissed.add(ready.pid);
      }
    } catch (error) {
      if (!(error as LaunchpoolError).retryable) throw error;
      // The last request may time out for lack of time. The reason found before says more.
      if (reason === NO_ANSWER || toPlain(error).code !== 'ERR_LAUNCHPOOL_CALL_TIMEOUT')
        reason = toPlain(error).message;
    }
    await wait(RETRY_MS);
  }
  throw new LaunchpoolError('ERR_LAUNCHPOOL_NOT_READY', `not ready after ${timeoutMs / 1000} s: ${reason}`, {
    hint: 'See `launchpool logs` and `launchpool doctor`.',
  });
}

async function requestReady({ agent, control }: SocketPaths, timeoutMs: number): Promise<ProcessStatus> {
  const agentSocket = await connectWithRetry(agent, timeoutMs);
  // This connection only starts the agent. A process that closes it is shutting down, and a request that arrives after its
  // exit waits for the next process, which only another connection to the agent's socket starts.
  const closed = once(agentSocket.on('error', () => undefined).resume(), 'close').then(() =>
    Promise.reject(shuttingDownError()),
  );
  try {
    const client = await Promise.race([connectControl(control, timeoutMs), closed]);
    try {
      return await Promise.race([client.ready(timeoutMs), closed]);
    } finally {
      client.close();
    }
  } finally {
    agentSocket.destroy();
  }
}

/** Another program may listen at the port. The agent's count of accepted connections shows which program answers. */
async function verifyTcp(sockets: SocketPaths, tcp: TcpAddress, pid: number): Promise<void> {
  const client = await connectControl(sockets.control, CONTROL_TIMEOUTS.afterStart);
  try {
    const before = await client.status(CONTROL_TIMEOUTS.afterStart);
    const disconnect = await connectToPort(tcp, CONTROL_TIMEOUTS.afterStart);
    const after = await client.status(CONTROL_TIMEOUTS.afterStart).finally(disconnect);
    if (before.pid === pid && after.connectionsServed > before.connectionsServed) return;
    throw new LaunchpoolError('ERR_LAUNCHPOOL_NOT_READY', `another program answers at ${textOf(tcp)}`, {
      hint: 'Stop the other program, or choose another port with --tcp.',
    });
  } finally {
    client.close();
  }
}

/**
 * Connects, and resolves at the first byte that the other side sends, which from an agent with an authkey is its challenge.
 * @returns what closes the connection.
 * @throws ERR_LAUNCHPOOL_NOT_READY
 */
async function connectToPort(address: TcpAddress, timeoutMs: number): Promise<() => void> {
  const socket = connect(address);
  try {
    await once(socket, 'data', { signal: AbortSignal.timeout(timeoutMs) });
    return () => socket.destroy();
  } catch (cause) {
    socket.destroy();
    throw new LaunchpoolError('ERR_LAUNCHPOOL_NOT_READY', `no agent answers at ${textOf(address)}`, {
      cause,
      hint: 'Another program may listen there. Choose another port with --tcp.',
    });
  }
}

/**
 * Checks that a TCP port is free. launchd ignores a socket that it cannot bind, and reports no error.
 * @throws ERR_LAUNCHPOOL_SOCKET_IN_USE, ERR_LAUNCHPOOL_SOCKET_FAILED
 */
export async function checkPort(address: TcpAddress): Promise<void> {
  const server = createServer();
  try {
    await once(server.listen(address), 'listening');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const text = textOf(address);
    if (code === 'EADDRINUSE') {
      throw new LaunchpoolError('ERR_LAUNCHPOOL_SOCKET_IN_USE', `another program listens at ${text}`, {
        cause,
        hint: 'Stop the other program, or choose another port with --tcp.',
      });
    }
    throw new LaunchpoolError('ERR_LAUNCHPOOL_SOCKET_FAILED', `cannot listen at ${text}: ${code}`, {
      cause,
      hint: 'Choose another port with --tcp. Ports below 1024 are reserved for root.',
    });
  } finally {
    server.close();
  }
}

function textOf({ host, port }: TcpAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function shuttingDownError(): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_CONNECTION_CLOSED', 'the process before is shutting down');
}

/** Not a remote error: no call of a user failed. */
function moduleError(plain: PlainError): LaunchpoolError {
  const error = fromPlain(plain);
  error.remote = false;
  return error;
}
