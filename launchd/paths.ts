/** The paths and domains of a user's jobs in launchd. */
import { join } from 'node:path';

/** launchd.plist(5): "per-user agents provided by the user". */
export function plistPathOf(home: string, label: string): string {
  return join(home, 'Library', 'LaunchAgents', `${label}.plist`);
}

/** launchd.plist(5): agents of the administrator and of macOS, which launchd loads for every user. */
export const OTHER_FOLDERS: readonly string[] = ['/Library/LaunchAgents', '/System/Library/LaunchAgents'];

/**
 * The domains of a user's jobs. The login window's domain exists while the user is logged in at the screen; the user's
 * domain exists after any login, also by ssh. See launchctl(1).
 */
export function domainsOf(uid: number): [gui: string, user: string] {
  return [`gui/${uid}`, `user/${uid}`];
}
