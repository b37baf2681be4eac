/** A dry run, compared with the installation that follows. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { dryRun } from '../../../src/install/dry-run.ts';
import { createInstallBench, moduleOf } from '../../helpers/install-bench.ts';
import { lastingNode } from '../../helpers/lasting-node.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { tracesIn } from '../../helpers/tree.ts';

/** Files below a folder, without the agent's own files, and without following links. */
function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/\/(current|cache)(\/|$)/.test(entry.parentPath))
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort();
}

for (const kind of ['launchd', 'systemd'] as const) {
  test.serial(`${kind}: a dry run lists every file of an installation, with its size, and every command`, async (t) => {
    const bench = await createInstallBench(t, kind);
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
    // An installation makes the link without a command, and only boots out an existing job.
    const listed = commands.map((command) => command.join(' '));
    t.true(listed[0]?.startsWith('ln '));
    t.deepEqual(
      bench.changes().filter((command) => !listed.includes(command)),
      [],
    );
    t.deepEqual(
      listed.slice(1).filter((command) => !/ bootout /.test(command)),
      bench.changes(),
    );
  });

  test.serial(`${kind}: files of an installed agent are listed as there, or as changed`, async (t) => {
    const bench = await createInstallBench(t, kind);
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

/** systemctl enable makes links, which filesIn() does not list. Some versions make files. */
function isEnablement(path: string): boolean {
  return path.includes('.wants/');
}

for (const supervisor of ['launchd', 'systemd'] as const) {
  test.serial(`a dry run for ${supervisor} works on any platform, without a supervisor`, async (t) => {
    const folder = await tempDir(t);
    const home = join(folder, 'h');
    await mkdir(home);
    const module = join(folder, 'agent.ts');
    await writeFile(module, moduleOf(1));
    const run = async (): Promise<never> => {
      throw new Error('a dry run must not run a command');
    };
    const host = { home, uid: 501, env: { XDG_RUNTIME_DIR: '/run/user/501' }, run };
    const found = await dryRun({ label: 'com.example.dry', module, supervisor, host, node: lastingNode() });
    t.is(found.supervisor, supervisor);
    const program = supervisor === 'launchd' ? '/bin/launchctl' : 'systemctl';
    t.true(found.commands.some(([name]) => name === program));
    t.true(found.texts.every(({ text }) => text.includes('com.example.dry')));
    t.deepEqual(tracesIn(home), []);
  });
}

test.serial('the copy of a Node is listed with its size, and not made', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const { files } = await dryRun({ ...bench.options, node: process.execPath, copyNode: true });
  const copy = files.find(({ path }) => path.startsWith(`${bench.layout.nodes}/`));
  t.is(copy?.bytes, statSync(process.execPath).size);
  t.deepEqual(bench.traces(), []);
});

test.serial('a dry run of an installation that would fail fails, and names the step', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const code = 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED';
  const error = await t.throwsAsync(dryRun({ ...bench.options, module: '/no/module.ts' }), { code });
  t.like(error, { data: { step: 'bundle' } });
});
