/** Chooses the supervisor of this platform. */
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

/** @throws ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE where there is neither launchd nor systemd. */
export function pickSupervisor(options: PickOptions): Supervisor {
  const { platform, uid } = options;
  switch (platform) {
    case 'darwin':
      if (uid === 0) throw unreachable("an agent is a user's, and this is root", 'Leave out sudo.');
      return createLaunchd({ ...options, socketsOf: (label) => Object.values(socketPathsOf(label, options)) });
    case 'linux':
      return createSystemd(options);
    default:
      throw unreachable(`there is neither launchd nor systemd on ${platform}`, 'Use `launchpool dev`.');
  }
}

function unreachable(message: string, hint: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE', message, { hint });
}
