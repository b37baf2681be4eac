/** Check-in with systemd, sd_listen_fds(3): reads the variables that are meant for this process. */
import { fstatSync } from 'node:fs';
import { LaunchpoolError } from '../wire/errors.ts';
import { SYSTEMD_VARIABLES } from './variables.ts';

const FIRST_FD = 3;

export type SystemdCheckIn = {
  /** Listening descriptors by name, in systemd's order. Without LISTEN_FDNAMES every name is `unknown`. */
  sockets: ReadonlyMap<string, number[]>;
  /** Address for sd_notify(3) messages; undefined when systemd expects none. */
  notifySocket: string | undefined;
  /** The watchdog interval, in microseconds; undefined without a watchdog. */
  watchdogUsec: number | undefined;
};

export type Environment = Record<string, string | undefined>;

/**
 * Removes systemd's variables from `env` and interprets them.
 * @returns undefined when the variables name no sockets for this process.
 * @throws ERR_LAUNCHPOOL_SUPERVISOR_INVALID when the variables are for this process and invalid.
 */
export function checkInWithSystemd(env: Environment, pid: number): SystemdCheckIn | undefined {
  const taken: Partial<Record<(typeof SYSTEMD_VARIABLES)[number], string>> = {};
  for (const name of SYSTEMD_VARIABLES) {
    if (env[name] !== undefined) taken[name] = env[name];
    delete env[name];
  }
  if (taken.LISTEN_PID !== String(pid) || taken.LISTEN_FDS === undefined) return undefined;
  const count = Number(taken.LISTEN_FDS);
  if (!/^\d{1,6}$/.test(taken.LISTEN_FDS)) throw invalid(`LISTEN_FDS is ${JSON.stringify(taken.LISTEN_FDS)}`);
  const names = taken.LISTEN_FDNAMES?.split(':') ?? [];
  const sockets = new Map<string, number[]>();
  for (let index = 0; index < count; index += 1) {
    const fd = FIRST_FD + index;
    if (!isSocket(fd)) throw invalid(`descriptor ${fd} of ${count} is not an open socket`);
    const name = names[index] || 'unknown';
    sockets.set(name, [...(sockets.get(name) ?? []), fd]);
  }
  const usec = taken.WATCHDOG_USEC ?? '';
  const isWatched = taken.WATCHDOG_PID === undefined || taken.WATCHDOG_PID === String(pid);
  return {
    sockets,
    notifySocket: taken.NOTIFY_SOCKET,
    watchdogUsec: isWatched && /^[1-9]\d{0,14}$/.test(usec) ? Number(usec) : undefined,
  };
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    // EBADF: the descriptor is not open.
    return false;
  }
}

function invalid(what: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_INVALID', `socket activation: ${what}`, {
    hint: 'Set the variables as sd_listen_fds(3) describes.',
  });
}
