/** Makes sure that an installed agent answers, through the sockets that its users will use. */
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { TcpAddress } from '../../job/job.ts';
import type { SocketPaths } from '../../wire/address.ts';
import { fromPlain, LaunchpoolError, type PlainError, toPlain } from '../../wire/errors.ts';
import { connectWithRetry } from '../client/connect-with-retry.ts';
import { connectRpc } from '../client/rpc.ts';
import { connectToPort, textOf } from './tcp-port.ts';

const RETRY_MS = 50;
/** For an agent that runs already to accept a connection, and to speak. */
const TCP_MS = 5_000;
const NO_ANSWER = 'nobody answers';

export type VerifyOptions = {
  sockets: SocketPaths;
  /** Its second address, if it has one. */
  tcp?: TcpAddress | undefined;
  /** Of the version: what the agent's module must be in. */
  folder: string;
  timeoutMs: number;
  /** The process that must not be it. */
  before?: number | undefined;
  /** Asks whoever runs to leave: who was started from another version, by somebody who came in between. */
  dismiss: () => Promise<unknown>;
};

/** What the control socket says of an agent that has loaded its module: src/agent/agent.ts. */
type Ready = { pid: number; module: string; connectionsServed: number; broken?: PlainError };

/**
 * Knocks at the agent's own socket, which starts it, and asks at the other one until the agent that answers is the one
 * that was installed: the one before it may still be at work.
 * @returns the id of its process.
 * @throws ERR_LAUNCHPOOL_NOT_READY, or what keeps the module from being loaded
 */
export async function verify({ sockets, tcp, folder, timeoutMs, before, dismiss }: VerifyOptions): Promise<number> {
  const deadline = Date.now() + timeoutMs;
  const dismissed = new Set<number>();
  let last = NO_ANSWER;
  while (Date.now() < deadline) {
    try {
      const ready = await ask(sockets, deadline - Date.now());
      if (ready.pid === before) {
        last = `process ${before} has not left yet`;
      } else if (ready.module.startsWith(`${folder}/`)) {
        if (ready.broken !== undefined) throw broken(ready.broken);
        if (ready.connectionsServed > 0) {
          if (tcp !== undefined) await verifyTcp(sockets, tcp, ready.pid);
          return ready.pid;
        }
        last = `no connection arrives at ${sockets.agent}`;
      } else {
        last = `another one answers, whose module is ${ready.module}`;
        // Once: who is told twice might not finish what it has begun.
        if (!dismissed.has(ready.pid)) await dismiss();
        dismissed.add(ready.pid);
      }
    } catch (error) {
      if (!(error as LaunchpoolError).retryable) throw error;
      // The last question may have had no time left for an answer: what an agent has said before tells more.
      if (last === NO_ANSWER || toPlain(error).code !== 'ERR_LAUNCHPOOL_CALL_TIMEOUT') last = toPlain(error).message;
    }
    await wait(RETRY_MS);
  }
  throw new LaunchpoolError('ERR_LAUNCHPOOL_NOT_READY', `not ready after ${timeoutMs / 1000} s: ${last}`, {
    hint: 'See `launchpool logs` and `launchpool doctor`.',
  });
}

async function ask({ agent, control }: SocketPaths, leftMs: number): Promise<Ready> {
  const agentSocket = await connectWithRetry(agent, leftMs);
  // It only has to be there. An agent that closes it is leaving, and the question may have come too late for it: then it
  // waits for the next one, which nobody starts before somebody knocks again.
  const closed = once(agentSocket.on('error', () => undefined).resume(), 'close').then(() =>
    Promise.reject(shuttingDownError()),
  );
  try {
    const client = await Promise.race([connectRpc(control, { activationMs: leftMs }), closed]);
    try {
      return (await Promise.race([client.call('ready', [], { timeoutMs: leftMs }), closed])) as Ready;
    } finally {
      client.close();
    }
  } finally {
    agentSocket.destroy();
  }
}

/** Another program may have the port. Of what the agent has accepted, it keeps count. */
async function verifyTcp(sockets: SocketPaths, tcp: TcpAddress, pid: number): Promise<void> {
  const client = await connectRpc(sockets.control, { activationMs: TCP_MS });
  try {
    const status = async (): Promise<Ready> => (await client.call('status', [], { timeoutMs: TCP_MS })) as Ready;
    const before = await status();
    const hangUp = await connectToPort(tcp, TCP_MS);
    const after = await status().finally(hangUp);
    if (before.pid === pid && after.connectionsServed > before.connectionsServed) return;
    throw new LaunchpoolError(
      'ERR_LAUNCHPOOL_NOT_READY',
      `not the agent but another program answers at ${textOf(tcp)}`,
      {
        hint: 'Choose another port with --tcp, or end what listens there.',
      },
    );
  } finally {
    client.close();
  }
}

function shuttingDownError(): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_CONNECTION_CLOSED', 'the agent that was there is leaving');
}

function broken(plain: PlainError): LaunchpoolError {
  const error = fromPlain(plain);
  // Nobody has called it: that it cannot work is found out here.
  error.remote = false;
  return error;
}
