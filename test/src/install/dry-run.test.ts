/** A dry run, compared with the installation that follows. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { dryRun } from '../../../src/install/dry-run.ts';
import { install } from '../../../src/install/install.ts';
import type { InstallOptions } from '../../../src/installed/install-options.ts';
import { shellCommand } from '../../../wire/shell-word.ts';
import { createInstallBench, moduleOf } from '../../helpers/install-bench.ts';
import { lastingNode } from '../../helpers/lasting-node.ts';
import { createLaunchdDouble } from '../../helpers/launchd/double.ts';
import { declareWith, notTested } from '../../helpers/not-tested.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { findTool } from '../../helpers/tools.ts';
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

const it = declareWith(test.serial);

const PASTED: readonly [label: string, home: string, more: Partial<InstallOptions>][] = [
  ['com.example.plain', 'h', {}],
  ['com.example.spaces', 'a home with spaces', { agent: { threads: 2, idle: 30 } }],
  ['com.example.quote', "Ann's Mac", { env: { GREETING: `a "b" $c 'd'` } }],
  ['under_score-dash.1', '$HOME`x`', { copyNode: true, processType: 'background' }],
  ['A', 'ünïcode & more;', { bundleIdentifiers: ['com.example.app'], workingDirectory: '/' }],
];

for (const [label, homeName, more] of PASTED) {
  it(`the printed commands do in a shell what install does: ${label} in ${homeName}`, async (t) => {
    if (findTool('bash') === undefined) return notTested(t, 'a function in place of /bin/launchctl needs bash');
    t.timeout(120_000);
    const folder = await tempDir(t);
    const home = join(folder, homeName);
    await mkdir(home);
    const module = join(folder, 'agent.ts');
    await writeFile(module, moduleOf(1));
    const launchd = createLaunchdDouble(t, { home });
    const host = { platform: 'darwin' as const, home, uid: 501, env: {}, run: launchd.run };
    const options = { label, module, host, node: lastingNode(), ...more };
    const { commands, folder: agentFolder } = await dryRun(options);
    const text = commands.map(shellCommand).join('\n');
    await install(options);
    const current = join(agentFolder, 'current');
    const target = readlinkSync(current);
    rmSync(current);
    // What the shell makes of the lines: the words for launchctl, and the link.
    const log = join(folder, 'words');
    const stub = `/bin/launchctl() { printf '%s\\0' /bin/launchctl "$@" >> "$LOG"; printf '\\n' >> "$LOG"; }`;
    execFileSync('bash', ['-c', `${stub}\n${text}`], { env: { ...process.env, LOG: log, HOME: '/nowhere' } });
    const words = readFileSync(log, 'utf8')
      .split('\0\n')
      .slice(0, -1)
      .map((line) => line.split('\0'));
    const changes = launchd.commands.filter(([, verb = '']) => !verb.startsWith('print'));
    t.deepEqual(
      words.filter(([, verb]) => verb !== 'bootout'),
      changes,
    );
    t.is(readlinkSync(current), target);
  });
}

test.serial('a dry run for launchd works as root, for the user that called sudo', async (t) => {
  const folder = await tempDir(t);
  const module = join(folder, 'agent.ts');
  await writeFile(module, moduleOf(1));
  for (const [env, uid] of [
    [{ SUDO_UID: '777', SUDO_USER: 'ann' }, 777],
    [{}, 501],
  ] as const) {
    const host = { uid: 0, env };
    const found = await dryRun({ label: 'com.example.root', module, supervisor: 'launchd', host, node: lastingNode() });
    t.true(found.commands.some((command) => command.includes(`gui/${uid}`)));
    t.regex(found.notes[0] ?? '', new RegExp(`user ${uid}, with the home folder /Users/(?:ann|NAME)\\.$`));
    t.true(found.commands.some((command) => command.some((word) => /^\/Users\/(?:ann|NAME)\//.test(word))));
    t.true(found.notes.some((note) => note.includes(`user/${uid}`)));
  }
});

test.serial('a journal is refused for launchd, which has none', async (t) => {
  const folder = await tempDir(t);
  const module = join(folder, 'agent.ts');
  await writeFile(module, moduleOf(1));
  const host = { home: folder, uid: 501, env: {} };
  const options = { label: 'com.example.log', module, supervisor: 'launchd' as const, host, node: lastingNode() };
  const error = await t.throwsAsync(dryRun({ ...options, log: 'journal' }), { code: 'ERR_LAUNCHPOOL_OPTION_INVALID' });
  t.regex(error?.message ?? '', /--log journal/);
  await t.notThrowsAsync(dryRun({ ...options, log: 'file' }));
});

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
