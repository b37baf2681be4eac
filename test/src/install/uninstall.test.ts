/** What is left when an agent is removed: nothing of it, and all that is somebody else's. */
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { uninstall } from '../../../src/install/uninstall.ts';
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
    for (const path of [versions, current, cache, logs]) await rm(path, { recursive: true, force: true });
    t.is((await uninstall(bench.options)).outcome, 'uninstalled');
    t.deepEqual(bench.traces(), before);
  });
}

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
