/** What is left when an agent is removed: nothing of it, and all that is somebody else's. */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import { build } from 'plist';
import { dryRun } from '../../../src/install/dry-run.ts';
import { removeTree } from '../../../src/install/files.ts';
import { uninstall } from '../../../src/install/uninstall.ts';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { isAlive } from '../../helpers/activator.ts';
import { ask, type Kind, LABEL, layBench } from '../../helpers/install-bench.ts';

const KINDS: readonly Kind[] = ['launchd', 'embedded', 'systemd'];

for (const kind of KINDS) {
  test.serial(`${kind}: an agent whose record is gone is removed, process and all`, async (t) => {
    const bench = await layBench(t, kind);
    if (bench === undefined) return;
    const { socket } = await bench.install();
    const pid = await ask(socket, 'pid');
    await rm(bench.layout.record);
    t.is((await uninstall(bench.options)).outcome, 'uninstalled');
    t.false(isAlive(pid));
    t.false(existsSync(bench.layout.folder));
    // Without a record nobody knows which folders were made for it.
    t.deepEqual(
      bench.traces().filter((line) => line.includes(LABEL)),
      [],
    );
    t.is((await uninstall(bench.options)).outcome, 'not-installed');
  });

  test.serial(`${kind}: an agent whose record is damaged is removed as well`, async (t) => {
    const bench = await layBench(t, kind);
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
  test.serial(`${kind}: an agent whose files are gone is removed, and what the supervisor still holds`, async (t) => {
    const bench = await layBench(t, kind);
    if (bench === undefined) return;
    const before = bench.traces();
    const { socket } = await bench.install();
    const pid = await ask(socket, 'pid');
    const units = bench.traces().filter((line) => /\.(plist|service|socket) 100/.test(line));
    t.true(units.length > 0);
    for (const line of units) await rm(join(bench.home, line.replace(/ 100\d{3} .*/, '')));
    // As whoever removes units does; what runs goes on.
    if (kind === 'systemd') await bench.options.host.run?.(['systemctl', '--user', 'daemon-reload']);
    t.is((await uninstall(bench.options)).outcome, 'uninstalled');
    t.false(isAlive(pid));
    t.deepEqual(bench.traces(), before);
  });

  test.serial(`${kind}: an agent of which only the record is left is removed`, async (t) => {
    const bench = await layBench(t, kind);
    if (bench === undefined) return;
    const before = bench.traces();
    await bench.install();
    const { versions, current, cache, logs } = bench.layout;
    // The agent is alive, and may be writing in its cache.
    for (const path of [versions, current, cache, logs]) await removeTree(path);
    t.is((await uninstall(bench.options)).outcome, 'uninstalled');
    t.deepEqual(bench.traces(), before);
  });
}

for (const [kind, name] of [
  ['launchd', 'Library/LaunchAgents/com.example.bench.plist'],
  ['systemd', '.config/systemd/user/com.example.bench.service'],
  ['systemd', '.config/systemd/user/com.example.bench.socket'],
] as const) {
  test.serial(`${kind}: ${name} of somebody else is neither removed nor replaced, and named`, async (t) => {
    const bench = await layBench(t, kind);
    if (bench === undefined) return;
    const path = join(bench.home, name);
    const { folder } = bench.layout;
    for (const each of [dirname(path), join(folder, 'logs')]) await mkdir(each, { recursive: true });
    await writeFile(path, '/opt/redis/bin/redis-server');
    await writeFile(join(folder, 'logs', 'redis.log'), 'of somebody else');
    const before = bench.traces();
    for (const acting of [() => uninstall(bench.options), () => bench.install(), () => dryRun(bench.options)]) {
      const error = await t.throwsAsync<LaunchpoolError>(acting(), { code: 'ERR_LAUNCHPOOL_INSTALL_FAILED' });
      t.true(error.message.includes(`${path} is of a job that launchpool has not made`), error.message);
      t.regex(error.hint ?? '', /another label/);
    }
    t.deepEqual([bench.traces(), bench.changes()], [before, []]);
    await rm(path);
    t.is((await uninstall(bench.options)).outcome, 'not-installed');
    t.true(existsSync(join(folder, 'logs', 'redis.log')));
  });
}

test.serial('launchd: under the label of a job from another folder nothing is installed, and it goes on', async (t) => {
  const bench = await layBench(t, 'launchd');
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
});

test.serial('on a Mac, what an app keeps in the folder of its name stays, through everything', async (t) => {
  const bench = await layBench(t, 'launchd');
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
  // But for the folder that launchd's jobs are in, which was made and is gone.
  t.deepEqual(bench.traces(), before);
});

test.serial('what an installation that was killed has left goes too', async (t) => {
  const bench = await layBench(t, 'embedded');
  if (bench === undefined) return;
  const before = bench.traces();
  await bench.install();
  const { versions, current, record } = bench.layout;
  await mkdir(join(versions, '.unfinished-0123-4711'));
  await writeFile(`${current}.4711`, '');
  await writeFile(`${record}.2568189831`, '');
  await uninstall(bench.options);
  t.deepEqual(bench.traces(), before);
});

test.serial('to remove what is not there makes nothing and changes nothing', async (t) => {
  const bench = await layBench(t, 'launchd');
  if (bench === undefined) return;
  t.is((await uninstall(bench.options)).outcome, 'not-installed');
  t.deepEqual([bench.traces(), bench.changes()], [[], []]);
});
