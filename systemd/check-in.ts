/** systemd's side of socket activation, sd_listen_fds(3): what stands in the environment, and that it is ours. */
import { fstatSync } from 'node:fs';
import { LaunchpoolError } from '../wire/errors.ts';
import { SYSTEMD_VARIABLES } from './variables.ts';

const FIRST_FD = 3;
export type SystemdCheckIn = {
  /** Listening descriptors by name, in systemd's order. Without LISTEN_FDNAMES all are named `unknown`. */
  sockets: ReadonlyMap<string, number[]>;
  /** Where sd_notify(3) messages go, if they are wanted. */
  notifySocket: string | undefined;
  /** How often systemd wants to hear of us, in microseconds, if it does. */
  watchdogUsec: number | undefined;
};

export type Environment = Record<string, string | undefined>;

/**
 * Takes systemd's variables out of `env` and says what they mean.
 * @returns undefined when no sockets were meant for this process.
 * @throws ERR_LAUNCHPOOL_SUPERVISOR_INVALID when they are for this process and make no sense.
 */
export function checkInWithSystemd(env: Environment, pid: number): SystemdCheckIn | undefined {
  const found: Partial<Record<(typeof SYSTEMD_VARIABLES)[number], string>> = {};
  for (const name of SYSTEMD_VARIABLES) {
    if (env[name] !== undefined) found[name] = env[name];
    delete env[name];
  }
  if (found.LISTEN_PID !== String(pid) || found.LISTEN_FDS === undefined) return undefined;
  const count = Number(found.LISTEN_FDS);
  if (!/^\d{1,6}$/.test(found.LISTEN_FDS)) throw invalid(`LISTEN_FDS is ${JSON.stringify(found.LISTEN_FDS)}`);
  const names = found.LISTEN_FDNAMES?.split(':') ?? [];
  const sockets = new Map<string, number[]>();
  for (let index = 0; index < count; index += 1) {
    const fd = FIRST_FD + index;
    if (!isSocket(fd)) throw invalid(`descriptor ${fd} of ${count} is not an open socket`);
    const name = names[index] || 'unknown';
    sockets.set(name, [...(sockets.get(name) ?? []), fd]);
  }
  const usec = found.WATCHDOG_USEC ?? '';
  const watched = found.WATCHDOG_PID === undefined || found.WATCHDOG_PID === String(pid);
  return {
    sockets,
    notifySocket: found.NOTIFY_SOCKET,
    watchdogUsec: watched && /^[1-9]\d{0,14}$/.test(usec) ? Number(usec) : undefined,
  };
}

function isSocket(fd: number): boolean {
  try {
    return fstatSync(fd).isSocket();
  } catch {
    // EBADF: there is no such descriptor.
    return false;
  }
}

function invalid(what: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_INVALID', `socket activation: ${what}`, {
    hint: 'See sd_listen_fds(3) for what a supervisor must set.',
  });
}
