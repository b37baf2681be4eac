/** The home folder of the user of this process. */
import { homedir } from 'node:os';
import { LaunchpoolError } from './errors.ts';

/**
 * HOME, or the home folder in the system's entry of the user.
 * @throws ERR_LAUNCHPOOL_NO_HOME without either, as in a container whose user has only a number
 */
export function homeFolder(): string {
  try {
    return homedir();
  } catch (cause) {
    const message = `HOME is not set, and the system has no entry of user ${process.getuid?.()}`;
    throw new LaunchpoolError('ERR_LAUNCHPOOL_NO_HOME', message, {
      cause,
      hint: 'Set HOME to a folder of that user.',
    });
  }
}
