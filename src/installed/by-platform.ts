/** What a platform has for its supervisor. */
import { LaunchpoolError } from '../../wire/errors.ts';
import type { Host } from './host.ts';

/** @throws ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE on a platform without launchd and systemd, and for root on macOS */
export function byPlatform<Made>(
  { platform, uid }: Pick<Host, 'platform' | 'uid'>,
  make: Readonly<Record<'launchd' | 'systemd', () => Made>>,
): Made {
  switch (platform) {
    case 'darwin':
      if (uid === 0)
        throw unreachable('launchd agents belong to a user, and this user is root', 'Run the command without sudo.');
      return make.launchd();
    case 'linux':
      return make.systemd();
    default:
      throw unreachable(`${platform} has neither launchd nor systemd`, 'Use `launchpool dev`.');
  }
}

function unreachable(message: string, hint: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE', message, { hint });
}
