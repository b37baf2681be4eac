/** Picks the supervisor of a platform. */
import type { RunCommand } from '../../job/run-command.ts';
import type { Supervisor } from '../../job/supervisor.ts';
import { createLaunchd } from '../../launchd/supervisor.ts';
import type { Environment } from '../../systemd/check-in.ts';
import { createSystemd } from '../../systemd/supervisor.ts';
import { socketPathsOf } from '../../wire/address.ts';
import { LaunchpoolError } from '../../wire/errors.ts';

export type PickOptions = {
  platform: NodeJS.Platform;
  home: string;
  uid: number;
  env: Environment;
  run: RunCommand;
};

/** @throws ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE on a platform without launchd and systemd, and for root on macOS */
export function pickSupervisor(options: PickOptions): Supervisor {
  const { platform, uid } = options;
  switch (platform) {
    case 'darwin':
      if (uid === 0)
        throw unreachable('launchd agents belong to a user, and this user is root', 'Run the command without sudo.');
      return createLaunchd({ ...options, socketsOf: (label) => Object.values(socketPathsOf(label, options)) });
    case 'linux':
      return createSystemd(options);
    default:
      throw unreachable(`${platform} has neither launchd nor systemd`, 'Use `launchpool dev`.');
  }
}

function unreachable(message: string, hint: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE', message, { hint });
}
