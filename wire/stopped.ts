/** Agents that are stopped on purpose, by `launchpool stop`: the marker in the agent's folder, and the error that names it. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type AddressHost, agentsFolderOf, socketPathOf } from './address.ts';
import { LaunchpoolError } from './errors.ts';

/** The name of the marker. It outlives a restart of the machine, as the sockets do not. */
export const STOP_MARKER = 'stopped';

/**
 * The error for what needs an agent that is stopped.
 * @param cause the error of connecting, if there is one.
 */
export function stoppedError(label: string, cause?: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_STOPPED', `${label} is stopped: launchpool start ${label}`, { cause });
}

/** The label of the stopped agent whose socket has this path; undefined for every other path. */
export function stoppedLabelAt(socketPath: string, host: AddressHost = {}): string | undefined {
  try {
    const label = labelAt(socketPath, host);
    if (socketPathOf(label, host) !== socketPath) return undefined;
    return existsSync(join(agentsFolderOf(host), label, STOP_MARKER)) ? label : undefined;
  } catch {
    // The path's name is not a label.
    return undefined;
  }
}

function labelAt(socketPath: string, { platform = process.platform }: AddressHost): string {
  return platform === 'darwin' ? basename(dirname(socketPath)) : basename(socketPath).replace(/\.sock$/, '');
}
