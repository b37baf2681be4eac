/** The doctor's checks of the modes of an agent's files. */

import { chmodSync, statSync, symlinkSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { declareWith } from '../../../helpers/not-tested.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { type Bench, idsOf, launchdBench, onSystemd } from './bench.ts';

const it = declareWith(test.serial);

/** The paths under every supervisor, each with a mode that is too wide and the mode after the fix. */
function commonModes({ layout }: Bench): (readonly [path: string, mode: number, after: number])[] {
  const { sockets, folder, record, logs, logFile } = layout;
  return [
    [sockets.agent, 0o666, 0o600],
    [sockets.control, 0o620, 0o600],
    [folder, 0o777, 0o755],
    [record, 0o644, 0o600],
    [logs, 0o755, 0o700],
    [logFile, 0o644, 0o600],
  ];
}

/** Expects that the fix removes the forbidden bits and no others. */
async function expectNarrowed(
  t: ExecutionContext,
  bench: Bench,
  path: string,
  mode: number,
  after: number,
): Promise<void> {
  chmodSync(path, mode);
  const found = await bench.doctor();
  t.deepEqual(idsOf(found), ['mode-too-wide'], path);
  t.like(found[0], { severity: 'problem', label: bench.label, canFix: true, fixed: undefined });
  t.is(found[0]?.message, `${path} has mode 0${mode.toString(8)}, which gives other users access`);
  t.is(statSync(path).mode & 0o777, mode);
  t.like((await bench.doctor({ fix: true }))[0], { id: 'mode-too-wide', fixed: true });
  t.is(statSync(path).mode & 0o777, after);
  t.deepEqual(await bench.doctor(), []);
}

it('launchd: access of other users is removed, and nothing else', async (t) => {
  const bench = await launchdBench(t);
  const key = join(await tempDir(t), 'key');
  await writeFile(key, 'secret', { mode: 0o600 });
  await bench.install({ agent: { 'authkey-file': key } });
  for (const [path, mode, after] of [
    ...commonModes(bench),
    [bench.plist, 0o664, 0o644],
    [key, 0o640, 0o600],
  ] as const) {
    await expectNarrowed(t, bench, path, mode, after);
  }
});

it('the mode of a linked key is the mode of the target', async (t) => {
  const bench = await launchdBench(t);
  const folder = await tempDir(t);
  const [key, kept] = [join(folder, 'key'), join(folder, 'kept')];
  await writeFile(key, 'secret', { mode: 0o600 });
  await bench.install({ agent: { 'authkey-file': key } });
  await rename(key, kept);
  symlinkSync(kept, key);
  t.deepEqual(await bench.doctor(), []);
  chmodSync(kept, 0o644);
  t.like((await bench.doctor({ fix: true }))[0], { id: 'mode-too-wide', fixed: true });
  t.is(statSync(kept).mode & 0o777, 0o600);
});

onSystemd()('systemd: access of other users is removed, and nothing else', async (t, bench) => {
  await bench.install({ log: 'file' });
  for (const [path, mode, after] of [
    ...commonModes(bench),
    [bench.layout.record, 0o604, 0o600],
    [bench.units.socket, 0o664, 0o644],
    [bench.units.control, 0o646, 0o644],
    [bench.units.service, 0o664, 0o644],
  ] as const) {
    await expectNarrowed(t, bench, path, mode, after);
  }
});
