/** Asks something of an agent that has a process, and wakes none. */
import { resolve } from 'node:path';
import { controlPathOf } from '../../wire/address.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { connectRpc } from '../client/rpc.ts';
import { type InstallOptions, placeOf } from '../install/plan.ts';
import { mustBeInstalled } from '../installed/record.ts';
import { labelOfTarget } from './observe.ts';

/** The main thread answers, whatever the others are doing. */
const PING_MS = 2_000;
/** What takes longer than an answer of the main thread. */
const WORK_MS = 60_000;

export type AskOptions = Pick<InstallOptions, 'supervisor' | 'host'> & {
  /** A label, or the path of a socket. */
  target: string;
  method: string;
  params?: readonly unknown[];
};

/**
 * @throws ERR_LAUNCHPOOL_CONNECT_FAILED when there is no process, ERR_LAUNCHPOOL_NOT_INSTALLED,
 * ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CALL_TIMEOUT, or what the agent answers with
 */
export async function askRunning({ target, method, params = [], ...where }: AskOptions): Promise<unknown> {
  const client = await connectRpc(await controlPathOfRunning(target, where), { activationMs: 0 });
  try {
    await client.call('ping', [], { timeoutMs: PING_MS }).catch((error) => {
      throw error.code === 'ERR_LAUNCHPOOL_CALL_TIMEOUT' ? noProcess(target, error) : error;
    });
    return await client.call(method, params, { timeoutMs: WORK_MS });
  } finally {
    client.close();
  }
}

async function controlPathOfRunning(target: string, where: Pick<AskOptions, 'supervisor' | 'host'>): Promise<string> {
  const label = labelOfTarget(target, where);
  // Whoever holds it, if it is one of ours, starts nothing for a question; there is nobody to ask whether it is.
  if (label === undefined) return controlPathOf(resolve(target));
  const { supervisor, host, layout } = placeOf({ label, ...where });
  mustBeInstalled(label, host);
  const { state } = await supervisor.status(label);
  if (state !== 'running') throw noProcess(label);
  return layout.sockets.control;
}

function noProcess(target: string, cause?: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_CONNECT_FAILED', `${target} has no process, and is not woken for this`, {
    cause,
    hint: 'The next call to the agent starts one.',
  });
}
