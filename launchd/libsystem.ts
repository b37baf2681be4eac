/** Calls launch_activate_socket(3). */
import { ERRNO, freeMemory, type Library, loadLibrary, readInts } from '../libc/library.ts';
import { LaunchpoolError } from '../wire/errors.ts';

/**
 * The libraries that have the function. Since macOS 11 neither file exists on disk; dlopen(3) finds both in the dyld
 * shared cache, so no caller may check for the files first
 * (https://developer.apple.com/documentation/macos-release-notes/macos-big-sur-11_0_1-release-notes, 62986286).
 */
export const LIBRARIES: readonly string[] = ['/usr/lib/libSystem.B.dylib', '/usr/lib/system/libxpc.dylib'];

/** Returns the descriptors, or the error number that the call returned. */
export type ActivateSocket = (name: string) => number[] | { errno: number };

/** The error numbers that launch_activate_socket(3) documents. */
export const ACTIVATION_ERRNO: Readonly<Record<'ENOENT' | 'ESRCH' | 'EALREADY', number>> = {
  ENOENT: ERRNO.ENOENT as number,
  ESRCH: ERRNO.ESRCH as number,
  EALREADY: ERRNO.EALREADY as number,
};

/**
 * Binds the function from the first library that has it.
 * @throws ERR_LAUNCHPOOL_CHECK_IN_LIBRARY
 */
export function bindActivateSocket(libraries: readonly string[] = LIBRARIES): ActivateSocket {
  const reasons: string[] = [];
  for (const path of libraries) {
    try {
      return activateSocketOf(loadLibrary(path));
    } catch (error) {
      // The loader's message lacks the path.
      reasons.push(`${path}: ${(error as Error).message}`);
    }
  }
  throw new LaunchpoolError(
    'ERR_LAUNCHPOOL_CHECK_IN_LIBRARY',
    `no library has launch_activate_socket: ${reasons.join('; ')}`,
    { hint: 'Use macOS 10.10 or later, which has the function.' },
  );
}

function activateSocketOf(library: Library): ActivateSocket {
  // int launch_activate_socket(const char *name, int **fds, size_t *cnt) returns 0 or the error number.
  const call = library.func('int launch_activate_socket(const char *name, _Out_ void **fds, _Out_ size_t *cnt)');
  return (name) => {
    const fds: [unknown] = [null];
    const count: [number | bigint] = [0];
    const errno: number = call(name, fds, count);
    if (errno !== 0) return { errno };
    const [array] = fds;
    if (array === null) return [];
    try {
      return readInts(array, Number(count[0]));
    } finally {
      // The caller owns the array.
      freeMemory(array);
    }
  };
}
