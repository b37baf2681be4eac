/** Ships in the bundle, and runs before the agent: the folder of compiled code. */

/**
 * `$XDG_CACHE_HOME/launchpool`, `~/.cache/launchpool`, or on macOS `~/Library/Caches/launchpool`. Node makes a folder
 * for each of its versions in it. If it cannot be created or written, there is no cache
 * (https://nodejs.org/api/module.html#moduleenablecompilecacheoptions).
 */
export function cacheFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  // Only without HOME: loading node:os would delay the start.
  const home = env.HOME || homeInSystem();
  if (platform === 'darwin') return `${home}/Library/Caches/launchpool`;
  // Relative paths must be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
  const xdgCacheHome = env.XDG_CACHE_HOME;
  return xdgCacheHome?.startsWith('/') ? `${xdgCacheHome}/launchpool` : `${home}/.cache/launchpool`;
}

/** `/`, where an ordinary user cannot write, for a user without an entry in the system. */
function homeInSystem(): string {
  try {
    return process.getBuiltinModule('node:os').homedir();
  } catch {
    return '/';
  }
}
