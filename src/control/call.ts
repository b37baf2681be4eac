/** Calls a method of the control socket of an agent that has a process. */
import { resolve } from 'node:path';
import { controlPathOf } from '../../wire/address.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { stoppedError } from '../../wire/stopped.ts';
import { labelOfTarget } from '../installed/labels.ts';
import { layoutOf } from '../installed/layout.ts';
import type { HostOptions } from '../installed/place.ts';
import { readingPlaceOf } from '../installed/reading-place.ts';
import { mustBeInstalled } from '../installed/record.ts';
import { withStop } from '../installed/stop-marker.ts';
import { CONTROL_TIMEOUTS, connectControl } from './client.ts';

export type ControlCall = HostOptions & {
  /** A label, or the path of a socket. */
  target: string;
  /** A method of the control socket, such as `reload`. */
  method: string;
  params?: readonly unknown[];
};

/**
 * Calls a control method of an agent that has a process.
 * @throws ERR_LAUNCHPOOL_CONNECT_FAILED if the agent has no process, ERR_LAUNCHPOOL_STOPPED, ERR_LAUNCHPOOL_NOT_INSTALLED,
 * ERR_LAUNCHPOOL_ADDRESS_INVALID, or the agent's error
 */
export async function callControl({ target, method, params = [], ...options }: ControlCall): Promise<unknown> {
  const client = await connectControl(await controlPathOfRunning(target, options));
  try {
    await client.call('ping', [], CONTROL_TIMEOUTS.reply).catch((error) => {
      throw error.code === 'ERR_LAUNCHPOOL_CALL_TIMEOUT' ? noProcess(target, error) : error;
    });
    // A reload takes as long as the module, which the agent limits: --load-timeout.
    return await client.call(method, params);
  } finally {
    client.close();
  }
}

async function controlPathOfRunning(target: string, options: HostOptions): Promise<string> {
  const label = labelOfTarget(target, options);
  // The embedded holder, which holds such a socket, starts no agent for a control connection.
  if (label === undefined) return controlPathOf(resolve(target));
  const { reader, host } = readingPlaceOf(options);
  const layout = layoutOf(label, host);
  mustBeInstalled(label, host);
  const { state } = withStop(await reader.status(label), label, layout);
  if (state === 'stopped') throw stoppedError(label);
  if (state !== 'running') throw noProcess(label);
  return layout.sockets.control;
}

function noProcess(target: string, cause?: unknown): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_CONNECT_FAILED',
    `${target} has no process, and a control call does not start one`,
    { cause, hint: 'The next call to the agent starts a process.' },
  );
}
