/** Where compiled code is kept. Node makes a folder of its own in it for each of its versions. */
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * `$XDG_CACHE_HOME/launchpool`, `~/.cache/launchpool`, or on macOS `~/Library/Caches/launchpool`. It need not exist, nor
 * be writable: then there is no cache (https://nodejs.org/api/module.html#moduleenablecompilecacheoptions).
 */
export function cacheFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  if (platform === 'darwin') return join(home, 'Library', 'Caches', 'launchpool');
  // A relative path is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
  const given = env.XDG_CACHE_HOME;
  return join(given?.startsWith('/') ? given : join(home, '.cache'), 'launchpool');
}
