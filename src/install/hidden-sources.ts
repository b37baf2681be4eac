/** Starts a program that does not see the sources of a module, as after their removal, where the system allows that. */
import { execFile } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname, sep } from 'node:path';
import { promisify } from 'node:util';
import type { Host } from '../installed/host.ts';

/** Put before a command. */
export type Wrapper = readonly [string, ...string[]];

/** An empty file system in place of the folder, in a mount namespace that ends with the program: unshare(1). */
const MOUNT = 'mount -t tmpfs none "$0" && exec "$@"';

/**
 * @param folders with the sources, the widest first.
 * @param needed what the program needs: no folder that contains one of them is hidden.
 * @returns undefined where nothing can be hidden.
 */
export async function hideSources(
  { platform }: Pick<Host, 'platform'>,
  folders: readonly string[],
  needed: readonly string[],
): Promise<Wrapper | undefined> {
  if (platform !== 'linux' || process.platform !== 'linux') return undefined;
  const paths = needed.map(existing);
  const folder = folders.find((each) => paths.every((path) => path !== each && !path.startsWith(each + sep)));
  if (folder === undefined || folder === sep) return undefined;
  const isRoot = process.getuid?.() === 0;
  const namespace = ['unshare', ...(isRoot ? [] : ['--user', '--map-current-user']), '--mount', '--'];
  const wrapper: Wrapper = ['/usr/bin/env', ...namespace, '/bin/sh', '-c', MOUNT, folder];
  try {
    const [command, ...args] = [...wrapper, 'true'] as [string, ...string[]];
    await promisify(execFile)(command, args, { timeout: 5_000 });
    return wrapper;
  } catch {
    // Without unshare(1), or without the right to use it.
    return undefined;
  }
}

/** The real path of a file, or of the nearest folder above that is there. */
function existing(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    try {
      return realpathSync(at);
    } catch {
      if (at === dirname(at)) return at;
    }
  }
}
