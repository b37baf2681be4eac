/** Check-in: finds the supervisor that holds this agent's sockets, and takes them over. */

import { checkInWithSystemd, type Environment } from '../../systemd/check-in.ts';
import { SOCKET_NAMES } from '../../wire/address.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { takeLifeline } from './lifeline.ts';

export type CheckIn = {
  supervisor: 'launchd' | 'systemd' | 'embedded';
  /** Listening descriptors, for requests and for the control socket; the latter may be missing. */
  sockets: { agent: number[]; control: number[] };
  /** The descriptor of the lifeline to an embedded holder. */
  lifelineFd: number | undefined;
  /** Reports the agent's state to the supervisor, if it expects reports: sd_notify(3). */
  notify?: (message: string) => Promise<void>;
  /** Milliseconds within which the supervisor expects WATCHDOG=1, else it kills the agent: sd_watchdog_enabled(3). */
  watchdogMs?: number;
};

export type CheckInOptions = {
  /** The supervisor's variables are removed from it. @default process.env */
  env?: Environment;
  /** @default process.pid */
  pid?: number;
  /** @default process.platform */
  platform?: NodeJS.Platform;
  /** The label of an installed agent. When launchd runs this process under the label, it must have its socket. */
  label?: string | undefined;
  /** The libraries with launch_activate_socket. @default those of macOS */
  libraries?: readonly string[];
};

/**
 * Call it before a thread starts, since threads get a copy of the environment.
 * @returns undefined when no supervisor holds a socket for this process, which is no error.
 * @throws ERR_LAUNCHPOOL_SUPERVISOR_INVALID and the ERR_LAUNCHPOOL_CHECK_IN_* codes when a supervisor does and the
 *   check-in fails.
 */
export async function checkIn(options: CheckInOptions = {}): Promise<CheckIn | undefined> {
  const { env = process.env, pid = process.pid, platform = process.platform, label, libraries } = options;
  const lifelineFd = takeLifeline(env);
  const activated = checkInWithSystemd(env, pid);
  if (activated !== undefined) {
    const control = activated.sockets.get(SOCKET_NAMES.systemd.control) ?? [];
    const agent = [...activated.sockets.values()].flat().filter((fd) => !control.includes(fd));
    if (agent.length === 0) throw noSockets('the environment has no socket for requests');
    if (lifelineFd !== undefined) return { supervisor: 'embedded', sockets: { agent, control }, lifelineFd };
    const notify = notifier(activated.notifySocket);
    const { watchdogUsec } = activated;
    return {
      supervisor: 'systemd',
      sockets: { agent, control },
      lifelineFd,
      ...(notify && { notify }),
      ...(watchdogUsec === undefined ? {} : { watchdogMs: watchdogUsec / 1000 }),
    };
  }
  return platform === 'darwin' ? askLaunchd(isJob(env, label), libraries) : undefined;
}

function notifier(address: string | undefined): CheckIn['notify'] {
  if (address === undefined) return undefined;
  return async (message) => {
    const { notifySystemd } = await import('../../systemd/notify.ts');
    notifySystemd(address, message);
  };
}

async function askLaunchd(isJob: boolean, libraries?: readonly string[]): Promise<CheckIn | undefined> {
  // The native code takes some milliseconds to load, and only macOS needs it here.
  const { checkInWithLaunchd } = await import('../../launchd/check-in.ts');
  const { agent, control } = SOCKET_NAMES.launchd;
  try {
    const sockets = checkInWithLaunchd([agent], libraries).get(agent) ?? [];
    if (sockets.length === 0) throw noSockets(`launchd has no descriptor for "${agent}"`);
    return { supervisor: 'launchd', sockets: { agent: sockets, control: controlOf() }, lifelineFd: undefined };
  } catch (error) {
    if (isJob || !isNotManaged(error)) throw error;
    return undefined;
  }

  /** An agent works without a control socket. */
  function controlOf(): number[] {
    try {
      return checkInWithLaunchd([control], libraries).get(control) ?? [];
    } catch (error) {
      if ((error as LaunchpoolError).code === 'ERR_LAUNCHPOOL_CHECK_IN_UNKNOWN_NAME') return [];
      throw error;
    }
  }
}

/** A process that is no job of launchd gets ESRCH or, on some versions, ENOENT. */
function isNotManaged(error: unknown): boolean {
  const { code } = error as LaunchpoolError;
  return code === 'ERR_LAUNCHPOOL_CHECK_IN_NOT_MANAGED' || code === 'ERR_LAUNCHPOOL_CHECK_IN_UNKNOWN_NAME';
}

/** launchd sets the label of a job. Children of other jobs, such as terminals, have another label or "0". */
function isJob(env: Environment, label: string | undefined): boolean {
  return label !== undefined && env.XPC_SERVICE_NAME === label;
}

function noSockets(what: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_INVALID', what, {
    hint: 'Add a socket under another name than "control".',
  });
}
