/** All agents are upgraded, one after another: those whose sources have changed, and the others are named. */
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { install } from '../../../src/install/install.ts';
import { rollback } from '../../../src/install/return-to-version.ts';
import { stop } from '../../../src/install/stop.ts';
import { uninstall } from '../../../src/install/uninstall.ts';
import { type AgentUpgrade, upgradeAll } from '../../../src/install/upgrade-all.ts';
import { hostOf } from '../../../src/installed/host.ts';
import { layoutOf } from '../../../src/installed/layout.ts';
import { ask, createInstallBench, moduleOf } from '../../helpers/install-bench.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

test.serial(
  'each agent has its outcome, a failure ends none of the others, and a second run does nothing',
  async (t) => {
    const bench = await createInstallBench(t, 'embedded');
    if (bench === undefined) return;
    t.timeout(180_000);
    const sources = await tempDir(t);
    const { host, supervisor, node } = bench.options;
    const all = { host, supervisor };
    t.deepEqual(await upgradeAll(all), []);
    const moduleAt = (name: string): string => join(sources, `${name}.ts`);
    const labelOf = (name: string): string => `com.example.${name}`;
    const names = ['broken', 'changed', 'earlier', 'gone', 'refused', 'same', 'stopped'];
    for (const name of names) {
      await writeFile(moduleAt(name), moduleOf(1));
      await install({ ...all, node, module: moduleAt(name), label: labelOf(name) });
      t.teardown(() => uninstall({ ...all, label: labelOf(name) }));
    }
    await writeFile(moduleAt('refused'), moduleOf(2));
    await install({ ...all, node, module: moduleAt('refused'), label: labelOf('refused') });
    await rollback({ ...all, label: labelOf('refused') });
    await stop({ ...all, label: labelOf('stopped') });

    await writeFile(moduleAt('broken'), "throw new Error('no');");
    for (const name of ['changed', 'stopped']) await writeFile(moduleAt(name), moduleOf(2));
    await rm(moduleAt('gone'));
    // Its record does not say what the sources were.
    const { record } = layoutOf(labelOf('earlier'), hostOf(host));
    const { sources: _sources, ...rest } = JSON.parse(readFileSync(record, 'utf8'));
    await writeFile(record, JSON.stringify(rest));

    const seen: string[] = [];
    const done = await upgradeAll({ ...all, onAgent: ({ label }) => void seen.push(label) });
    const outcomes = (upgrades: readonly AgentUpgrade[]): string[] =>
      upgrades.map(({ label, outcome }) => `${label.replace('com.example.', '')} ${outcome}`);
    t.deepEqual(outcomes(done), [
      'broken failed',
      'changed upgraded',
      'earlier unchanged',
      'gone module-missing',
      'refused rolled-back',
      'same unchanged',
      'stopped upgraded',
    ]);
    t.deepEqual(seen, names.map(labelOf));
    t.like(done[0], { error: { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED' } });
    t.true(JSON.stringify(done).includes('ERR_LAUNCHPOOL_MODULE_NOT_LOADED'));
    t.true(done.at(-1)?.notes.some((note) => note.includes('launchpool start com.example.stopped')));
    const versionAt = (name: string): Promise<number> =>
      ask(layoutOf(labelOf(name), hostOf(host)).sockets.agent, 'version');
    for (const [name, version] of [
      ['broken', 1],
      ['changed', 2],
      ['gone', 1],
      ['refused', 1],
    ] as const)
      t.is(await versionAt(name), version, name);

    await writeFile(moduleAt('broken'), moduleOf(1));
    // What was refused is upgraded once it is another text.
    await writeFile(moduleAt('refused'), moduleOf(3));
    t.deepEqual(outcomes(await upgradeAll(all)), [
      'broken unchanged',
      'changed unchanged',
      'earlier unchanged',
      'gone module-missing',
      'refused upgraded',
      'same unchanged',
      'stopped unchanged',
    ]);
  },
);
