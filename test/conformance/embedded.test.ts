/** The embedded holder. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createEmbedded } from '../../src/holder/embedded.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { treeOf } from '../helpers/tree.ts';
import { conformance } from './suite.ts';

conformance('embedded', async (t) => {
  const folder = await tempDir(t);
  const [home, runtime] = [join(folder, 'home'), join(folder, 'run')];
  await Promise.all([mkdir(home), mkdir(runtime)]);
  const events: string[] = [];
  const supervisor = createEmbedded({ onEvent: (_label, { event }) => events.push(event) });
  t.teardown(supervisor.close);
  return {
    supervisor,
    host: { platform: 'linux', home, env: { XDG_RUNTIME_DIR: runtime } },
    changes: () => [...events],
    tree: () => [home, runtime].flatMap(treeOf),
  };
});
