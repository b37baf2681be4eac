/** Picks the supervisor of a platform. */
import type { Supervisor } from '../../job/supervisor.ts';
import { createLaunchd } from '../../launchd/supervisor.ts';
import { createSystemd } from '../../systemd/supervisor.ts';
import { socketPathsOf } from '../../wire/address.ts';
import { byPlatform } from './by-platform.ts';
import type { Host } from './host.ts';

export type PickOptions = Pick<Host, 'platform' | 'home' | 'uid' | 'env' | 'run'>;

/** @throws ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE on a platform without launchd and systemd, and for root on macOS */
export function pickSupervisor(options: PickOptions): Supervisor {
  return byPlatform<Supervisor>(options, {
    launchd: () => createLaunchd({ ...options, socketsOf: (label) => Object.values(socketPathsOf(label, options)) }),
    systemd: () => createSystemd(options),
  });
}
