/** One user manager of systemd for all tests of a file: its start takes longer than most of them. */
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openSystemd, type SystemdSession } from './systemd-session.ts';
import { removeFolder, SHORT_TEMP } from './temp-dir.ts';

/** To be called while tests are declared. The tests share its home folder, with the files that earlier tests left there. */
export function sharedSystemd(): (t: ExecutionContext) => Promise<SystemdSession | undefined> {
  const ends: (() => Promise<void>)[] = [];
  let opening: Promise<SystemdSession | undefined> | undefined;
  test.after.always(async () => {
    for (const end of ends.reverse()) await end();
  });
  return async (t) => {
    opening ??= (async () => {
      const folder = await mkdtemp(join(SHORT_TEMP, 'lp-'));
      ends.push(() => removeFolder(folder));
      return openSystemd(t, join(folder, 'home'), (close) => ends.push(close));
    })();
    const session = await opening;
    // Each test reports a missing systemd itself.
    if (session === undefined) opening = undefined;
    return session;
  };
}
