/** The example application installs its agent once, calls it, and uninstalls it. */
import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { lastingNode } from '../helpers/lasting-node.ts';
import { createLaunchdDouble } from '../helpers/launchd/double.ts';
import { declareWith } from '../helpers/not-tested.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { treeOf } from '../helpers/tree.ts';
import '../helpers/package-from-sources.ts';

// Static imports are resolved before the hooks are there.
const { launch, remove } = await import('../../examples/app/launch.ts');
const { openAgent } = await import('../../examples/app/main-process.ts');
const { close } = await import('launchpool/client');
const { uninstall } = await import('launchpool');

declareWith(test)(
  'the first launch installs, the second changes nothing, and the removal leaves nothing behind',
  async (t) => {
    const home = join(await tempDir(t), 'h');
    await mkdir(home);
    const launchd = createLaunchdDouble(t, { home });
    const options = {
      node: lastingNode(),
      host: { platform: 'darwin' as const, home, uid: 501, env: {}, run: launchd.run },
    };
    const before = treeOf(home);
    for (const outcome of ['installed', 'unchanged'] as const) {
      const { installed, client } = await launch(options);
      t.is(installed.outcome, outcome);
      t.is((await client.request('Hello, launchd')).toString(), 'Uryyb, ynhapuq');
      client.close();
    }
    await remove(options);
    t.deepEqual(treeOf(home), before);
  },
);

declareWith(test)(
  'the main process installs the module and the Node of its resources, and calls the agent',
  async (t) => {
    const folder = await tempDir(t);
    const home = join(folder, 'h');
    const resources = join(folder, 'resources');
    await mkdir(home);
    await mkdir(resources);
    await cp(new URL('../../examples/rot13/rpc.ts', import.meta.url), join(resources, 'agent', 'rpc.ts'));
    await symlink(lastingNode(), join(resources, 'node'));
    const launchd = createLaunchdDouble(t, { home });
    const host = { platform: 'darwin' as const, home, uid: 501, env: {}, run: launchd.run };
    const before = treeOf(home);
    const agent = await openAgent(resources, { host });
    t.is(await agent.rot13('Hello'), 'Uryyb');
    await close(agent);
    await uninstall({ label: 'com.example.app.agent', host });
    t.deepEqual(treeOf(home), before);
  },
);
