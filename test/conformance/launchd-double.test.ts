/** launchd, as far as it can be had without a Mac: see test/helpers/launchd/double.ts. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createLaunchdDouble } from '../helpers/launchd/double.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { conformance } from './suite.ts';

conformance('launchd', async (t) => {
  const home = join(await tempDir(t), 'h');
  await mkdir(home);
  const launchd = await createLaunchdDouble(t, { home });
  return {
    home,
    surroundings: { platform: 'darwin', home, uid: 501, env: {}, run: launchd.run },
    changes: () =>
      launchd.commands.filter(([, verb]) => !verb?.startsWith('print')).map((command) => command.join(' ')),
    // They are in the home folder.
    sockets: () => [],
  };
});
