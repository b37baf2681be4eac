/** systemd's user manager, the real one. */
import { readdirSync } from 'node:fs';
import { systemdChanges } from '../helpers/changes.ts';
import { sharedSystemd } from '../helpers/shared-systemd.ts';
import { treeOf } from '../helpers/tree.ts';
import { conformance } from './suite.ts';

const session = sharedSystemd();

conformance('systemd', async (t) => {
  const started = await session(t);
  if (started === undefined) return undefined;
  const { host, commands } = started;
  const runtime = host.env.XDG_RUNTIME_DIR ?? '';
  return {
    host,
    changes: () => systemdChanges(commands),
    tree: () => [...treeOf(host.home), ...readdirSync(runtime).filter((name) => name.endsWith('.sock'))],
  };
});
