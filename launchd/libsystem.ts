/** launch_activate_socket(3) by way of koffi. The one file that knows C. */
import koffi from 'koffi';
import { LaunchpoolError } from '../wire/errors.ts';

/**
 * Where the function is. Neither file exists on disk since macOS 11, dlopen(3) finds both in the dyld shared cache
 * all the same, so nobody may look for them first
 * (https://developer.apple.com/documentation/macos-release-notes/macos-big-sur-11_0_1-release-notes, 62986286).
 */
export const LIBRARIES: readonly string[] = ['/usr/lib/libSystem.B.dylib', '/usr/lib/system/libxpc.dylib'];

/** Returns the descriptors, or the error number that the call gave back. */
export type ActivateSocket = (name: string) => number[] | { errno: number };

/** The error numbers that launch_activate_socket documents; they differ between platforms. */
export const ERRNO: Readonly<Record<'ENOENT' | 'ESRCH' | 'EALREADY', number>> = {
  ENOENT: koffi.os.errno.ENOENT as number,
  ESRCH: koffi.os.errno.ESRCH as number,
  EALREADY: koffi.os.errno.EALREADY as number,
};

/**
 * Binds the function from the first library that has it.
 * @throws ERR_LAUNCHPOOL_CHECK_IN_LIBRARY
 */
export function bindActivateSocket(libraries: readonly string[] = LIBRARIES): ActivateSocket {
  const reasons: string[] = [];
  for (const path of libraries) {
    try {
      return activateSocketOf(koffi.load(path));
    } catch (error) {
      // koffi's own message leaves the path out.
      reasons.push(`${path}: ${(error as Error).message}`);
    }
  }
  throw new LaunchpoolError(
    'ERR_LAUNCHPOOL_CHECK_IN_LIBRARY',
    `launch_activate_socket cannot be found: ${reasons.join('; ')}`,
    { hint: 'It is part of macOS 10.10 and later.' },
  );
}

function activateSocketOf(library: ReturnType<typeof koffi.load>): ActivateSocket {
  // int launch_activate_socket(const char *name, int **fds, size_t *cnt): 0, or the error number itself.
  const call = library.func('int launch_activate_socket(const char *name, _Out_ void **fds, _Out_ size_t *cnt)');
  return (name) => {
    const fds: [unknown] = [null];
    const count: [number | bigint] = [0];
    const errno: number = call(name, fds, count);
    if (errno !== 0) return { errno };
    const [array] = fds;
    if (array === null) return [];
    try {
      return Array.from(koffi.decode(array, 'int', Number(count[0])) as Int32Array);
    } finally {
      // The caller owns the array and frees it with free(3).
      koffi.free(array);
    }
  };
}
