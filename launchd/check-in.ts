/** Check-in with launchd: the name of a socket in the plist → its descriptors. */
import { LaunchpoolError } from '../wire/errors.ts';
import { ACTIVATION_ERRNO, type ActivateSocket, bindActivateSocket, LIBRARIES } from './libsystem.ts';

/**
 * Asks launchd for the sockets of each name. launchd returns a name's sockets once per process.
 * @param names keys under `Sockets` in the plist.
 * @param libraries tried in order until one has launch_activate_socket.
 * @returns all descriptors of each name; a name with several addresses has several.
 * @throws ERR_LAUNCHPOOL_CHECK_IN_UNKNOWN_NAME, ERR_LAUNCHPOOL_CHECK_IN_NOT_MANAGED, ERR_LAUNCHPOOL_CHECK_IN_REPEATED,
 *   ERR_LAUNCHPOOL_CHECK_IN_FAILED, ERR_LAUNCHPOOL_CHECK_IN_LIBRARY
 */
export function checkInWithLaunchd(
  names: readonly string[],
  libraries: readonly string[] = LIBRARIES,
): Map<string, number[]> {
  const activate = bindActivateSocket(libraries);
  return new Map(names.map((name) => [name, activateOne(activate, name)]));
}

function activateOne(activate: ActivateSocket, name: string): number[] {
  const answer = activate(name);
  if (Array.isArray(answer)) return answer;
  switch (answer.errno) {
    case ACTIVATION_ERRNO.ENOENT:
      throw new LaunchpoolError(
        'ERR_LAUNCHPOOL_CHECK_IN_UNKNOWN_NAME',
        `launchd has no socket "${name}" for this job`,
        {
          hint: `Install the agent again: the plist needs a key ${name} under Sockets.`,
        },
      );
    case ACTIVATION_ERRNO.ESRCH:
      throw new LaunchpoolError('ERR_LAUNCHPOOL_CHECK_IN_NOT_MANAGED', 'launchd does not manage this process', {
        hint: 'Have launchd start the agent itself, not a parent of it such as npm, npx or sh -c.',
      });
    case ACTIVATION_ERRNO.EALREADY:
      throw new LaunchpoolError(
        'ERR_LAUNCHPOOL_CHECK_IN_REPEATED',
        `this process has received the socket "${name}" before`,
        {
          hint: 'Keep the descriptors of the first check-in: launchd returns a socket once per process.',
        },
      );
    default:
      throw new LaunchpoolError(
        'ERR_LAUNCHPOOL_CHECK_IN_FAILED',
        `launchd refused the socket "${name}" with error number ${answer.errno}`,
        { data: { errno: answer.errno }, hint: `Run \`launchctl error ${answer.errno}\` for its meaning.` },
      );
  }
}
