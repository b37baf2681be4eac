/** After an uninstallation, nothing of the agent is left, and everything of other programs. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import { build } from 'plist';
import type { Supervisor } from '../../../job/supervisor.ts';
import { dryRun } from '../../../src/install/dry-run.ts';
import { removeTree } from '../../../src/install/files.ts';
import { uninstall } from '../../../src/install/uninstall.ts';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { isAlive } from '../../helpers/activator.ts';
import { ask, createInstallBench, type Kind, LABEL } from '../../helpers/install-bench.ts';

const KINDS: readonly Kind[] = ['launchd', 'embedded', 'systemd'];

for (const kind of KINDS) {
  test.serial(`${kind}: an agent without its record is removed, with its process`, async (t) => {
    const bench = await createInstallBench(t, kind);
    if (bench === undefined) return;
    const { socket } = await bench.install();
    const pid = await ask(socket, 'pid');
    await rm(bench.layout.record);
    t.is((await uninstall(bench.options)).outcome, 'uninstalled');
    t.false(isAlive(pid));
    t.false(existsSync(bench.layout.folder));
    // Without a record, the folders that the installation made are unknown.
    t.deepEqual(
      bench.traces().filter((line) => line.includes(LABEL)),
      [],
    );
    t.is((await uninstall(bench.options)).outcome, 'not-installed');
  });

  test.serial(`${kind}: an agent with a damaged record is removed`, async (t) => {
    const bench = await createInstallBench(t, kind);
    if (bench === undefined) return;
    await bench.install();
    await writeFile(bench.layout.record, '{"format":1,');
    t.is((await uninstall(bench.options)).outcome, 'uninstalled');
    t.deepEqual(
      bench.traces().filter((line) => line.includes(LABEL)),
      [],
    );
  });
}

for (const kind of ['launchd', 'systemd'] as const) {
  test.serial(`${kind}: an agent without the supervisor’s files is removed and unloaded`, async (t) => {
    const bench = await createInstallBench(t, kind);
    if (bench === undefined) return;
    const before = bench.traces();
    const { socket } = await bench.install();
    const pid = await ask(socket, 'pid');
    const units = bench.traces().filter((line) => /\.(plist|service|socket) 100/.test(line));
    t.true(units.length > 0);
    for (const line of units) await rm(join(bench.home, line.replace(/ 100\d{3} .*/, '')));
    // As an administrator does after removing units. The process keeps running.
    if (kind === 'systemd') await bench.options.host.run?.(['systemctl', '--user', 'daemon-reload']);
    t.is((await uninstall(bench.options)).outcome, 'uninstalled');
    t.false(isAlive(pid));
    t.deepEqual(bench.traces(), before);
  });

  test.serial(`${kind}: an agent of which only the record is left is removed`, async (t) => {
    const bench = await createInstallBench(t, kind);
    if (bench === undefined) return;
    const before = bench.traces();
    await bench.install();
    const { versions, current, cache, logs } = bench.layout;
    // The agent is running, and may write to its cache.
    for (const path of [versions, current, cache, logs]) await removeTree(path);
    t.is((await uninstall(bench.options)).outcome, 'uninstalled');
    t.deepEqual(bench.traces(), before);
  });
}

test.serial(
  'systemd: the links of stopped units whose files were removed are removed, with their folder',
  async (t) => {
    const bench = await createInstallBench(t, 'systemd');
    if (bench === undefined) return;
    const before = bench.traces();
    await bench.install();
    const { run } = bench.options.host;
    const folder = join(bench.home, '.config', 'systemd', 'user');
    const units = readdirSync(folder).filter((name) => /\.(service|socket)$/.test(name));
    await run?.(['systemctl', '--user', 'stop', ...units]);
    for (const unit of units) await rm(join(folder, unit));
    await run?.(['systemctl', '--user', 'daemon-reload']);
    t.deepEqual(readdirSync(folder), ['sockets.target.wants']);
    t.is((await uninstall(bench.options)).outcome, 'uninstalled');
    t.deepEqual(bench.traces(), before);
  },
);

for (const [kind, name] of [
  ['launchd', 'Library/LaunchAgents/com.example.bench.plist'],
  ['systemd', '.config/systemd/user/com.example.bench.service'],
  ['systemd', '.config/systemd/user/com.example.bench.socket'],
] as const) {
  test.serial(
    `${kind}: ${name} of another program is neither removed nor replaced, and the error names it`,
    async (t) => {
      const bench = await createInstallBench(t, kind);
      if (bench === undefined) return;
      const path = join(bench.home, name);
      const { folder } = bench.layout;
      for (const each of [dirname(path), join(folder, 'logs')]) await mkdir(each, { recursive: true });
      await writeFile(path, '/opt/redis/bin/redis-server');
      await writeFile(join(folder, 'logs', 'redis.log'), 'of another program');
      const before = bench.traces();
      for (const acting of [() => uninstall(bench.options), () => bench.install(), () => dryRun(bench.options)]) {
        const error = await t.throwsAsync<LaunchpoolError>(acting(), { code: 'ERR_LAUNCHPOOL_INSTALL_FAILED' });
        t.true(error.message.includes(`${path} belongs to a job that launchpool did not install`), error.message);
        t.regex(error.hint ?? '', /another label/);
      }
      t.deepEqual([bench.traces(), bench.changes()], [before, []]);
      await rm(path);
      t.is((await uninstall(bench.options)).outcome, 'not-installed');
      t.true(existsSync(join(folder, 'logs', 'redis.log')));
    },
  );
}

test.serial(
  'launchd: nothing is installed under the label of a job from another folder, and that job stays',
  async (t) => {
    const bench = await createInstallBench(t, 'launchd');
    if (bench === undefined) return;
    const other = join(bench.home, 'other.plist');
    await writeFile(other, build({ Label: LABEL, ProgramArguments: ['/bin/true'] }));
    const { run } = bench.options.host;
    await run?.(['/bin/launchctl', 'bootstrap', 'gui/501', other]);
    const before = [bench.traces(), bench.changes()];
    const error = await bench.failure(t);
    t.deepEqual([error.code, error.data.step], ['ERR_LAUNCHPOOL_INSTALL_FAILED', 'program']);
    t.true(error.message.includes(other));
    t.is((await uninstall(bench.options)).outcome, 'not-installed');
    t.deepEqual([bench.traces(), bench.changes()], before);
  },
);

test.serial('on macOS, the files of an app in the folder of its name stay', async (t) => {
  const bench = await createInstallBench(t, 'launchd');
  if (bench === undefined) return;
  const { folder } = bench.layout;
  await mkdir(join(folder, 'Local Storage'), { recursive: true });
  for (const name of ['Preferences', 'Local Storage/leveldb', 'current.json', 'launchpool.json.txt']) {
    await writeFile(join(folder, name), 'of the app');
  }
  const before = bench.traces();
  await bench.install();
  await bench.write('export const version = (): number => 2;');
  t.is((await bench.install()).outcome, 'upgraded');
  await uninstall(bench.options);
  // The installation made the folder of launchd's jobs; the uninstallation has removed it.
  t.deepEqual(bench.traces(), before);
});

test.serial('the unfinished files of a killed installation are removed too', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const before = bench.traces();
  await bench.install();
  const { versions, current, record } = bench.layout;
  await mkdir(join(versions, '.unfinished-0123-4711'));
  await writeFile(`${current}.4711`, '');
  await writeFile(`${record}.2568189831`, '');
  // A program that held the sockets itself and was killed leaves its locks.
  await (bench.options.supervisor as Supervisor).unload(LABEL);
  const locks = Object.values(bench.layout.sockets).map((path) => `${path}.lock`);
  for (const lock of locks) await writeFile(lock, '');
  await uninstall(bench.options);
  t.deepEqual([bench.traces(), locks.filter((lock) => existsSync(lock))], [before, []]);
});

test.serial('uninstalling an agent that is not installed changes nothing', async (t) => {
  const bench = await createInstallBench(t, 'launchd');
  if (bench === undefined) return;
  t.is((await uninstall(bench.options)).outcome, 'not-installed');
  t.deepEqual([bench.traces(), bench.changes()], [[], []]);
});
