/** The lock of an agent's folder: the second of two installations of a label waits. */
import { existsSync } from 'node:fs';
import { rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { makePath } from '../../../src/install/files.ts';
import { lockFolder } from '../../../src/install/lock.ts';
import { uninstall } from '../../../src/install/uninstall.ts';
import { readRecord } from '../../../src/installed/record.ts';
import { fixture } from '../../helpers/agent.ts';
import { ask, createInstallBench, moduleOf } from '../../helpers/install-bench.ts';
import { startProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import '../../helpers/with-compile-cache.ts';

test('a second caller gets the lock when the first has released it', async (t) => {
  const folder = await tempDir(t);
  const unlock = await lockFolder(folder);
  let isLocked = false;
  const second = lockFolder(folder).then((found) => {
    isLocked = true;
    return found;
  });
  await t.throwsAsync(lockFolder(folder, { timeoutMs: 0 }), { code: 'ERR_LAUNCHPOOL_INSTALL_FAILED' });
  t.false(isLocked);
  unlock();
  (await second)();
  (await lockFolder(folder, { timeoutMs: 0 }))();
});

test('a caller that waits for a removed folder gets the lock of the next folder of that name', async (t) => {
  const folder = join(await tempDir(t), 'label');
  const make = async (): Promise<void> => void (await makePath(folder));
  const unlock = await lockFolder(folder, { make });
  const second = lockFolder(folder, { make });
  await rmdir(folder);
  unlock();
  const unlockSecond = await second;
  t.true(existsSync(folder));
  await t.throwsAsync(lockFolder(folder, { timeoutMs: 0 }), { code: 'ERR_LAUNCHPOOL_INSTALL_FAILED' });
  unlockSecond();
});

test('a missing folder needs no lock, unless it is to be made', async (t) => {
  const folder = join(await tempDir(t), 'missing');
  (await lockFolder(folder))();
  t.false(existsSync(folder));
});

test('errors of making and opening the folder are thrown', async (t) => {
  const folder = join(await tempDir(t), 'file');
  await writeFile(folder, '');
  await t.throwsAsync(lockFolder(join(folder, 'label')), { code: 'ENOTDIR' });
  await t.throwsAsync(lockFolder(folder, { make: () => Promise.reject(new Error('no')) }), { message: 'no' });
});

test('another process holds the lock until it exits, also when it is killed', async (t) => {
  const folder = await tempDir(t);
  const other = startProgram(t, [process.execPath, fixture('programs/hold-lock.ts'), folder]);
  await other.stderr(/locked/);
  const error = await t.throwsAsync(lockFolder(folder, { timeoutMs: 0 }), { code: 'ERR_LAUNCHPOOL_INSTALL_FAILED' });
  t.true(error?.message.includes(folder));
  other.signal('SIGKILL');
  t.is(await other.ended, 'SIGKILL');
  (await lockFolder(folder, { timeoutMs: 0 }))();
});

for (const kind of ['launchd', 'embedded'] as const) {
  test.serial(`${kind}: two concurrent first installations both succeed, and one agent answers`, async (t) => {
    const bench = await createInstallBench(t, kind);
    if (bench === undefined) return;
    const before = bench.traces();
    const both = await Promise.all([bench.install(), bench.install()]);
    t.deepEqual(both.map(({ outcome }) => outcome).sort(), ['installed', 'unchanged']);
    const [{ socket }] = both;
    t.is(await ask(socket, 'version'), 1);
    await Promise.all([uninstall(bench.options), uninstall(bench.options)]);
    t.deepEqual(bench.traces(), before);
  });

  test.serial(`${kind}: of two concurrent installations, the one that fails does not damage the other`, async (t) => {
    const bench = await createInstallBench(t, kind);
    if (bench === undefined) return;
    const bad = join(await tempDir(t), 'bad.ts');
    // In the agent alone: the check of the module has no flags of Node.
    await writeFile(
      bad,
      `${moduleOf(2)} export function setup() { if (process.execArgv.length > 0) throw new Error('no'); }`,
    );
    const [good, failed] = await Promise.allSettled([bench.install(), bench.install({ module: bad })]);
    t.is(good.status, 'fulfilled');
    t.like(failed, {
      status: 'rejected',
      reason: { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED', data: { step: 'verify' } },
    });
    t.is(await ask(bench.layout.sockets.agent, 'version'), 1);
    t.is((await bench.install()).outcome, 'unchanged');
    t.is(readRecord(bench.layout)?.module, bench.module);
  });
}

test.serial(
  'launchd: an agent that is installed and uninstalled concurrently is either installed or uninstalled',
  async (t) => {
    const bench = await createInstallBench(t, 'launchd');
    if (bench === undefined) return;
    const before = bench.traces();
    await bench.install();
    await bench.write(moduleOf(2));
    await Promise.all([uninstall(bench.options), bench.install()]);
    if (readRecord(bench.layout) !== undefined) t.is(await ask(bench.layout.sockets.agent, 'version'), 2);
    await uninstall(bench.options);
    await rm(bench.layout.folder, { recursive: true, force: true });
    t.deepEqual(bench.traces(), before);
  },
);
