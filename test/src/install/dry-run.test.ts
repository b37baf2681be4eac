/** What is said of an installation beforehand, held against what it does. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { dryRun } from '../../../src/install/dry-run.ts';
import { layBench, moduleOf } from '../../helpers/install-bench.ts';
import { lastingNode } from '../../helpers/lasting-node.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { tracesIn } from '../../helpers/tree.ts';

/** Files below a folder, but for what the agent makes itself, and not by way of links. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\/(current|cache)(\/|$)/.test(entry.parentPath))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}

for (const kind of ['launchd', 'systemd'] as const) {
  test.serial(
    `${kind}: every file that an installation makes was listed, with its length, and every command`,
    async (t) => {
      const bench = await layBench(t, kind);
      if (bench === undefined) return;
      const { files, texts, commands, folder } = await dryRun(bench.options);
      t.deepEqual([bench.traces(), bench.changes()], [[], []]);
      t.is(folder, bench.layout.folder);
      t.deepEqual(new Set(files.map(({ status }) => status)), new Set(['new']));
      await bench.install();
      t.deepEqual(
        files.map(({ path }) => path).sort(),
        filesIn(bench.home).filter((path) => !isEnablement(path)),
      );
      for (const { path, bytes } of files) {
        if (bytes !== undefined && !path.endsWith('.log')) t.is(statSync(path).size, bytes, path);
      }
      t.true(texts.length > 0 && texts.every(({ path }) => existsSync(path)));
      // The link is made without a command; whether there is a job to be ended first is not asked.
      const said = commands.map((command) => command.join(' '));
      t.true(said[0]?.startsWith('ln '));
      t.deepEqual(
        bench.changes().filter((command) => !said.includes(command)),
        [],
      );
      t.deepEqual(
        said.slice(1).filter((command) => !/ bootout /.test(command)),
        bench.changes(),
      );
    },
  );

  test.serial(`${kind}: of what is there already, only what would change is listed as such`, async (t) => {
    const bench = await layBench(t, kind);
    if (bench === undefined) return;
    await bench.install();
    const before = [bench.traces(), bench.changes()];
    const same = await dryRun(bench.options);
    t.deepEqual(new Set(same.files.map(({ status }) => status)), new Set(['there']));
    t.deepEqual(same.commands, []);
    const changed = await dryRun({ ...bench.options, env: { GREETING: 'hello' } });
    const paths = changed.files.filter(({ status }) => status === 'changed').map(({ path }) => path);
    t.true(paths.length > 0 && paths.every((path) => /\.(plist|service)$/.test(path)), String(paths));
    t.true(changed.commands.length > 0);
    await bench.write(moduleOf(2));
    const other = await dryRun(bench.options);
    t.true(other.files.some(({ status }) => status === 'new'));
    t.deepEqual(
      other.commands.map(([program]) => program),
      ['ln'],
    );
    t.deepEqual([bench.traces(), bench.changes()], before);
  });
}

/** systemctl enable makes links, which a listing by file type does not show; some versions make files. */
function isEnablement(path: string): boolean {
  return path.includes('.wants/');
}

for (const supervisor of ['launchd', 'systemd'] as const) {
  test.serial(
    `what it would be under ${supervisor} can be seen on any system, with no supervisor to be asked`,
    async (t) => {
      const folder = await tempDir(t);
      const home = join(folder, 'h');
      await mkdir(home);
      const module = join(folder, 'agent.ts');
      await writeFile(module, moduleOf(1));
      const run = async (): Promise<never> => {
        throw new Error('nothing is to be run');
      };
      const host = { home, uid: 501, env: { XDG_RUNTIME_DIR: '/run/user/501' }, run };
      const found = await dryRun({ label: 'com.example.dry', module, supervisor, host, node: lastingNode() });
      t.is(found.supervisor, supervisor);
      const program = supervisor === 'launchd' ? '/bin/launchctl' : 'systemctl';
      t.true(found.commands.some(([name]) => name === program));
      t.true(found.texts.every(({ text }) => text.includes('com.example.dry')));
      t.deepEqual(tracesIn(home), []);
    },
  );
}

test.serial('the copy of a Node is listed with its length, and not made', async (t) => {
  const bench = await layBench(t, 'embedded');
  if (bench === undefined) return;
  const { files } = await dryRun({ ...bench.options, node: process.execPath, copyNode: true });
  const copy = files.find(({ path }) => path.startsWith(`${bench.layout.nodes}/`));
  t.is(copy?.bytes, statSync(process.execPath).size);
  t.deepEqual(bench.traces(), []);
});

test.serial('what cannot be installed cannot be listed either, and the step is named', async (t) => {
  const bench = await layBench(t, 'embedded');
  if (bench === undefined) return;
  const code = 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED';
  const error = await t.throwsAsync(dryRun({ ...bench.options, module: '/no/module.ts' }), { code });
  t.like(error, { data: { step: 'bundle' } });
});
