/** systemd's user manager: the real one. */
import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { startSystemd } from '../helpers/systemd-session.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { treeOf } from '../helpers/tree.ts';
import { conformance } from './suite.ts';

conformance('systemd', async (t) => {
  const home = join(await tempDir(t), 'home');
  await mkdir(home);
  const session = await startSystemd(t, home);
  if (session === undefined) return undefined;
  const runtime = session.surroundings.env.XDG_RUNTIME_DIR ?? '';
  return {
    surroundings: session.surroundings,
    changes: () => session.commands.filter(([, , verb]) => verb !== 'show').map((command) => command.join(' ')),
    tree: () => [...treeOf(home), ...readdirSync(runtime).filter((name) => name.endsWith('.sock'))],
  };
});
