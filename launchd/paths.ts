/** Where launchd looks for the jobs of a user, and how it names them. */
import { join } from 'node:path';

/** launchd.plist(5): "per-user agents provided by the user". */
export function plistPathOf(home: string, label: string): string {
  return join(home, 'Library', 'LaunchAgents', `${label}.plist`);
}

/**
 * The domains that a user's jobs may live in: that of the login window, which there is while that user is logged in
 * there, and that of the user, which there is after any login, by ssh too. See launchctl(1).
 */
export function domainsOf(uid: number): [gui: string, user: string] {
  return [`gui/${uid}`, `user/${uid}`];
}
