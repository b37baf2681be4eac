/** launchd's side of socket activation: the name of a socket in the plist → its descriptors. */
import { LaunchpoolError } from '../wire/errors.ts';
import { type ActivateSocket, bindActivateSocket, ERRNO, LIBRARIES } from './libsystem.ts';

/**
 * Asks launchd for the sockets of each name. It hands each name out once in the life of a process.
 * @param names the keys under `Sockets` in the plist, not labels and not paths.
 * @param libraries where launch_activate_socket is looked for.
 * @returns all descriptors of each name, several where a name stands for several addresses.
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
    case ERRNO.ENOENT:
      throw new LaunchpoolError(
        'ERR_LAUNCHPOOL_CHECK_IN_UNKNOWN_NAME',
        `launchd has no socket "${name}" for this job`,
        {
          hint: `The key under Sockets in the job's plist must be ${name}; install the agent again.`,
        },
      );
    case ERRNO.ESRCH:
      throw new LaunchpoolError('ERR_LAUNCHPOOL_CHECK_IN_NOT_MANAGED', 'launchd does not manage this process', {
        hint: 'Only the process that launchd itself started may check in, not a child of it (npm, npx, sh -c).',
      });
    case ERRNO.EALREADY:
      throw new LaunchpoolError(
        'ERR_LAUNCHPOOL_CHECK_IN_REPEATED',
        `the socket "${name}" has been handed out already`,
        {
          hint: 'launchd hands a socket to a process once; keep the descriptors.',
        },
      );
    default:
      throw new LaunchpoolError(
        'ERR_LAUNCHPOOL_CHECK_IN_FAILED',
        `launchd refused the socket "${name}" with error number ${answer.errno}`,
        { data: { errno: answer.errno }, hint: '`launchctl error N` says what the number means.' },
      );
  }
}
