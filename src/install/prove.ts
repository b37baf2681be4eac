/** Makes sure that an installed agent answers, through the sockets that its users will use. */
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { SocketPaths } from '../../wire/address.ts';
import { fromPlain, LaunchpoolError, type PlainError, toPlain } from '../../wire/errors.ts';
import { reach } from '../client/reach.ts';
import { connectRpc } from '../client/rpc.ts';

const RETRY_MS = 50;

/** What the control socket says of an agent that has loaded its module: src/agent/agent.ts. */
type Ready = { pid: number; module: string; connectionsServed: number; broken?: PlainError };

/**
 * Knocks at the agent's own socket, which starts it, and asks at the other one until the agent that answers is the one
 * that was installed: the one before it may still be at work.
 * @param folder of the version: what the agent's module must be in.
 * @param before the process that must not be it.
 * @returns the id of its process.
 * @throws ERR_LAUNCHPOOL_NOT_READY, or what keeps the module from being loaded
 */
export async function prove(sockets: SocketPaths, folder: string, longestMs: number, before?: number): Promise<number> {
  const deadline = Date.now() + longestMs;
  let last = 'nobody answers';
  while (Date.now() < deadline) {
    try {
      const ready = await ask(sockets, deadline - Date.now());
      if (ready.pid === before) {
        last = `process ${before} has not left yet`;
      } else if (ready.module.startsWith(`${folder}/`)) {
        if (ready.broken !== undefined) throw broken(ready.broken);
        if (ready.connectionsServed > 0) return ready.pid;
        last = `no connection arrives at ${sockets.agent}`;
      } else {
        last = `another one answers, whose module is ${ready.module}`;
      }
    } catch (error) {
      if (!(error as LaunchpoolError).retryable) throw error;
      last = toPlain(error).message;
    }
    await wait(RETRY_MS);
  }
  throw new LaunchpoolError('ERR_LAUNCHPOOL_NOT_READY', `not ready after ${longestMs / 1000} s: ${last}`, {
    hint: 'See `launchpool logs` and `launchpool doctor`.',
  });
}

async function ask({ agent, control }: SocketPaths, leftMs: number): Promise<Ready> {
  const door = await reach(agent, leftMs);
  // It only has to be there. An agent that closes it is leaving, and the question may have come too late for it: then it
  // waits for the next one, which nobody starts before somebody knocks again.
  const closed = once(door.on('error', () => undefined).resume(), 'close').then(() => Promise.reject(left()));
  try {
    const client = await Promise.race([connectRpc(control, { activationMs: leftMs }), closed]);
    try {
      return (await Promise.race([client.call('ready', [], { timeoutMs: leftMs }), closed])) as Ready;
    } finally {
      client.close();
    }
  } finally {
    door.destroy();
  }
}

function left(): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_CONNECTION_CLOSED', 'the agent that was there is leaving');
}

function broken(plain: PlainError): LaunchpoolError {
  const error = fromPlain(plain);
  // Nobody has called it: that it cannot work is found out here.
  error.remote = false;
  return error;
}
