/** The loader of C libraries: the only file that loads koffi. The files beside it, launchd/ and systemd/ describe their calls over it. */
import koffi from 'koffi';

/** A loaded library; `func()` binds a function by its C prototype: https://koffi.dev/functions */
export type Library = ReturnType<typeof koffi.load>;

/** Error numbers by name; they differ between platforms. */
export const ERRNO: Readonly<Record<string, number>> = koffi.os.errno;

/**
 * @param path undefined for the symbols that this process is linked with, among them those of libc.
 * @throws when dlopen(3) fails.
 */
export function loadLibrary(path?: string): Library {
  return koffi.load(path ?? null);
}

/** errno of the last call on this thread. */
export function lastErrno(): number {
  return koffi.errno();
}

/** In bytes. */
export function sizeOf(type: string): number {
  return koffi.sizeof(type);
}

export function readInts(pointer: unknown, count: number): number[] {
  return Array.from(koffi.decode(pointer, 'int', count) as Int32Array);
}

/** free(3). */
export function freeMemory(pointer: unknown): void {
  koffi.free(pointer);
}
