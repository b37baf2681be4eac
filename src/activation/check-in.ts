/** Finds out who holds this agent's sockets, and takes them over. */

import { checkInWithSystemd, type Environment } from '../../systemd/check-in.ts';
import { SOCKET_NAMES } from '../../wire/address.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { takeLifeline } from './lifeline.ts';

export type CheckIn = {
  supervisor: 'launchd' | 'systemd' | 'embedded';
  /** Listening descriptors: for requests, and for questions about the agent itself (may be none). */
  sockets: { agent: number[]; control: number[] };
  /** The embedded activator's end of a pipe that closes when it is gone. */
  lifelineFd: number | undefined;
  /** Tells the supervisor how this agent is doing, where it wants to know: sd_notify(3). */
  notify?: (message: string) => Promise<void>;
  /** So often it wants to be told WATCHDOG=1, in milliseconds, or takes the agent for hung: sd_watchdog_enabled(3). */
  watchdogMs?: number;
};

export type CheckInOptions = {
  /** Changed: the supervisor's variables are taken out. @default process.env */
  env?: Environment;
  /** @default process.pid */
  pid?: number;
  /** @default process.platform */
  platform?: NodeJS.Platform;
  /** The label under which the agent is installed, if it is: under that label, launchd must have its socket. */
  label?: string | undefined;
  /** Where launch_activate_socket is looked for. @default macOS's own libraries */
  libraries?: readonly string[];
};

/**
 * Must be called before any thread starts, since threads get a copy of the environment.
 * @returns undefined when nobody holds a socket for this process: that is an answer, not an error.
 * @throws ERR_LAUNCHPOOL_SUPERVISOR_INVALID and the ERR_LAUNCHPOOL_CHECK_IN_* codes when somebody does, and it fails.
 */
export async function checkIn(options: CheckInOptions = {}): Promise<CheckIn | undefined> {
  const { env = process.env, pid = process.pid, platform = process.platform, label, libraries } = options;
  const lifelineFd = takeLifeline(env);
  const activated = checkInWithSystemd(env, pid);
  if (activated !== undefined) {
    const control = activated.sockets.get(SOCKET_NAMES.systemd.control) ?? [];
    const agent = [...activated.sockets.values()].flat().filter((fd) => !control.includes(fd));
    if (agent.length === 0) throw noSockets('the environment hands over no socket for requests');
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
  // koffi is native code and takes some milliseconds to load; only macOS needs it here.
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

  /** An agent without a control socket can do its work. */
  function controlOf(): number[] {
    try {
      return checkInWithLaunchd([control], libraries).get(control) ?? [];
    } catch (error) {
      if ((error as LaunchpoolError).code === 'ERR_LAUNCHPOOL_CHECK_IN_UNKNOWN_NAME') return [];
      throw error;
    }
  }
}

/** launchd answers a process that is none of its jobs with ESRCH or, on some versions, with ENOENT. */
function isNotManaged(error: unknown): boolean {
  const { code } = error as LaunchpoolError;
  return code === 'ERR_LAUNCHPOOL_CHECK_IN_NOT_MANAGED' || code === 'ERR_LAUNCHPOOL_CHECK_IN_UNKNOWN_NAME';
}

/** launchd tells a job its label; children of other jobs, terminals among them, see another one, or "0". */
function isJob(env: Environment, label: string | undefined): boolean {
  return label !== undefined && env.XPC_SERVICE_NAME === label;
}

function noSockets(what: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_INVALID', what, {
    hint: 'One socket of another name than "control" is needed.',
  });
}
