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
  const { host, commands, run } = started;
  const runtime = host.env.XDG_RUNTIME_DIR ?? '';
  return {
    host,
    changes: () => systemdChanges(commands),
    // Another manager would have another runtime folder: test/src/install/stop.test.ts starts one.
    async reboot() {
      const ctl = (...args: string[]): Promise<{ stdout: string }> => run(['systemctl', '--user', ...args]);
      const { stdout } = await ctl('list-units', '--plain', '--no-legend', 'com.example.*');
      const units = stdout.split('\n').flatMap((line) => /^\S+/.exec(line) ?? []);
      await ctl('daemon-reload');
      await ctl('stop', 'sockets.target', ...units);
      await ctl('start', 'sockets.target');
    },
    tree: () => [...treeOf(host.home), ...readdirSync(runtime).filter((name) => name.endsWith('.sock'))],
  };
});
