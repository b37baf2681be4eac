/**
 * Ships in the bundle in place of the package koffi: loads its native code, without the JavaScript that searches for it and
 * wraps functions that are deprecated. That takes several times as long as the native code itself, and a client waits for it.
 *
 * Wherever the native code is not where npm puts it, or is not the one for this system, the package finds it.
 */
import { existsSync } from 'node:fs';

type Koffi = typeof import('koffi').default;

/** The version of the package, set by the build. */
declare const KOFFI_VERSION: string;

/** The loaders of musl, whose systems need another file: https://musl.libc.org */
const MUSL_LOADERS: Readonly<Record<string, string>> = {
  x64: '/lib/ld-musl-x86_64.so.1',
  arm64: '/lib/ld-musl-aarch64.so.1',
};

export default loadNative() ?? (require('koffi') as Koffi);

function loadNative(): Koffi | undefined {
  const { platform, arch } = process;
  const muslLoader = MUSL_LOADERS[arch];
  if (muslLoader === undefined || (platform === 'linux' && existsSync(muslLoader))) return undefined;
  try {
    const native: Koffi = require(`@koromix/koffi-${platform}-${arch}/${platform}_${arch}/koffi.node`);
    return native.version === KOFFI_VERSION ? native : undefined;
  } catch {
    return undefined;
  }
}
