/** launchpool's own holder. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createEmbedded } from '../../src/supervisor/embedded.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { conformance } from './suite.ts';

conformance('embedded', async (t) => {
  const folder = await tempDir(t);
  const [home, runtime] = [join(folder, 'home'), join(folder, 'run')];
  await Promise.all([mkdir(home), mkdir(runtime)]);
  const events: string[] = [];
  const supervisor = createEmbedded({ onEvent: (_label, { event }) => events.push(event) });
  t.teardown(supervisor.close);
  return {
    home,
    supervisor,
    surroundings: { platform: 'linux', home, env: { XDG_RUNTIME_DIR: runtime } },
    changes: () => [...events],
    sockets: () => (existsSync(runtime) ? readdirSync(runtime) : []),
  };
});
