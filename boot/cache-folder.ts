/** Where compiled code is kept. Node makes a folder of its own in it for each of its versions. */

/**
 * `$XDG_CACHE_HOME/launchpool`, `~/.cache/launchpool`, or on macOS `~/Library/Caches/launchpool`. It need not exist, nor
 * be writable: then there is no cache (https://nodejs.org/api/module.html#moduleenablecompilecacheoptions).
 */
export function cacheFolder(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  // Loading node:os for what is said here anyway would take a moment in which everybody waits.
  const home = env.HOME || process.getBuiltinModule('node:os').homedir();
  if (platform === 'darwin') return `${home}/Library/Caches/launchpool`;
  // A relative path is to be ignored: https://specifications.freedesktop.org/basedir-spec/latest/
  const given = env.XDG_CACHE_HOME;
  return given?.startsWith('/') ? `${given}/launchpool` : `${home}/.cache/launchpool`;
}
