/** Folders that installations share: the last uninstallation removes them, and no other folder. */
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import fs, { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, join } from 'node:path';
import test from 'ava';
import type { JobFile } from '../../../job/supervisor.ts';
import { tryLock } from '../../../libc/flock.ts';
import { makePath } from '../../../src/install/files.ts';
import { install } from '../../../src/install/install.ts';
import { lockFolder } from '../../../src/install/lock.ts';
import { claimFolder } from '../../../src/install/made-folders.ts';
import { uninstall } from '../../../src/install/uninstall.ts';
import { installedLabels } from '../../../src/installed/labels.ts';
import { hasClaim, madeFoldersIn, readRecord } from '../../../src/installed/record.ts';
import { createFakeSupervisor, type FakeSupervisor } from '../../helpers/fake-supervisor.ts';
import { createStepwiseInstallation, type StepwiseInstallation } from '../../helpers/installation-steps.ts';
import { killedAfter } from '../../helpers/killed-after.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import '../../helpers/built-runtime.ts';

const namesIn = (home: string): string[] => readdirSync(home, { recursive: true, encoding: 'utf8' }).sort();

const [A, B] = ['com.example.a', 'com.example.b'];

for (const order of [
  [A, B],
  [B, A],
] as const) {
  test.serial(`two agents that are uninstalled in the order ${order.join(', ')} leave nothing`, async (t) => {
    const { home, optionsOf } = await createFakeSupervisor(t);
    for (const label of [A, B]) t.is((await install(optionsOf(label))).outcome, 'installed');
    for (const label of order) t.is((await uninstall(optionsOf(label))).outcome, 'uninstalled');
    t.deepEqual(namesIn(home), []);
  });
}

test.serial('two labels that are installed and uninstalled concurrently leave nothing', async (t) => {
  const { home, optionsOf } = await createFakeSupervisor(t);
  await Promise.all([A, B].map((label) => install(optionsOf(label))));
  await Promise.all([A, B].map((label) => uninstall(optionsOf(label))));
  t.deepEqual(namesIn(home), []);
});

for (const { title, during } of [
  { title: 'an installation that fails', during: 'load' },
  { title: 'an agent that is uninstalled', during: 'unload' },
] as const) {
  test.serial(`${title} leaves its folders to an agent that is installed during that`, async (t) => {
    const fake = await createFakeSupervisor(t);
    const { home, optionsOf } = fake;
    if (during === 'unload') await install(optionsOf(A));
    const between = async (label: string): Promise<void> => {
      if (label !== A) return;
      t.is((await install(optionsOf(B))).outcome, 'installed');
      if (during === 'load') throw new Error('no');
    };
    if (during === 'load') {
      fake.onLoad = between;
      await t.throwsAsync(install(optionsOf(A)), { message: /"load": no/ });
    } else {
      fake.onUnload = between;
      await uninstall(optionsOf(A));
    }
    t.deepEqual(labelsOf(fake), [B]);
    await uninstall(optionsOf(B));
    t.deepEqual(namesIn(home), []);
  });
}

test.serial('a folder made by an installation that waits for the lock of the label is removed', async (t) => {
  const { home, optionsOf } = await createFakeSupervisor(t);
  const { plan } = createStepwiseInstallation(home, A);
  // The claim of a process that does not get the lock.
  await claimFolder(plan);
  t.is((await install(optionsOf(A))).outcome, 'installed');
  await uninstall(optionsOf(A));
  t.deepEqual(namesIn(home), []);
});

test.serial('folders that existed before stay, empty or not, and the folders between them are removed', async (t) => {
  const { home, optionsOf } = await createFakeSupervisor(t);
  for (const path of ['.local', '.config/fake', 'run/user']) mkdirSync(join(home, path), { recursive: true });
  writeFileSync(join(home, '.config', 'mine'), '');
  const before = namesIn(home);
  await Promise.all([A, B].map((label) => install(optionsOf(label))));
  for (const label of [A, B]) await uninstall(optionsOf(label));
  t.deepEqual(namesIn(home), before);
});

test.serial('a folder with a file of the user stays, and the folders below it are removed', async (t) => {
  const { home, optionsOf } = await createFakeSupervisor(t);
  await install(optionsOf(A));
  writeFileSync(join(home, '.local', 'mine'), '');
  await uninstall(optionsOf(A));
  t.deepEqual(namesIn(home), ['.local', '.local/mine']);
});

test.serial(
  "the next installation removes temporary files of the supervisor's files, and no other files",
  async (t) => {
    const { supervisor, optionsOf } = await createFakeSupervisor(t);
    await install(optionsOf(A));
    const [job] = supervisor.pathsOf(A) as [string];
    const others = [`${job}.bak`, `${job}.1.bak`, join(dirname(job), `${B}.job.4711`)];
    for (const path of [`${job}.4711`, ...others]) writeFileSync(path, '');
    t.is((await install(optionsOf(A))).outcome, 'unchanged');
    t.deepEqual(readdirSync(dirname(job)).sort(), [job, ...others].map((path) => basename(path)).sort());
  },
);

test.serial('the last uninstallation removes a home folder that launchpool made', async (t) => {
  const { home, optionsOf } = await createFakeSupervisor(t, { isHomeMissing: true });
  for (const label of [A, B]) await install(optionsOf(label));
  for (const label of [A, B]) await uninstall(optionsOf(label));
  t.false(existsSync(home));
});

test('folders are made and removed under the lock of the home folder', async (t) => {
  const home = await tempDir(t);
  const installation = createStepwiseInstallation(home, A);
  const unlock = await lockFolder(home);
  const inUse = { code: 'ERR_LAUNCHPOOL_INSTALL_FAILED', message: new RegExp(`${home}$`) };
  await t.throwsAsync(claimFolder(installation.plan, { timeoutMs: 0 }), inUse);
  t.deepEqual(namesIn(home), []);
  unlock();
  await claimFolder(installation.plan, { timeoutMs: 0 });
  t.is(await installation.uninstall(), 'not-installed');
  t.deepEqual(namesIn(home), []);
});

test("the supervisor's files are written under the lock of the home folder, in an existing folder", async (t) => {
  const home = await tempDir(t);
  const installation = createStepwiseInstallation(home, A);
  const [job] = installation.plan.jobFiles as [JobFile];
  const observations: { isLocked: boolean; hasFolder: boolean }[] = [];
  const observed = {
    ...job,
    get text() {
      const fd = openSync(home, 'r');
      observations.push({ isLocked: !tryLock(fd), hasFolder: existsSync(dirname(job.path)) });
      closeSync(fd);
      return job.text;
    },
  };
  installation.plan.jobFiles = [observed];
  await installStepwise(installation);
  t.deepEqual(observations, [{ isLocked: true, hasFolder: true }]);
  t.true(existsSync(job.path));
});

test('a claim is neither an installation nor a proof of ownership', async (t) => {
  const home = await tempDir(t);
  const { plan, uninstall: remove } = createStepwiseInstallation(home, A);
  await claimFolder(plan);
  t.deepEqual([hasClaim(plan.layout), readRecord(plan.layout)], [true, undefined]);
  t.deepEqual(installedLabels(plan.host), []);
  const [job] = plan.supervisor.pathsOf(A) as [string];
  await mkdir(dirname(job), { recursive: true });
  await writeFile(job, 'of another program');
  await t.throwsAsync(remove(), { message: /belongs to a job that launchpool did not install/ });
  await rm(job);
  t.is(await remove(), 'not-installed');
  t.deepEqual(namesIn(home), ['.config', '.config/jobs', '.config/jobs/of-user']);
});

test('an uninstallation without the lock keeps the claim of an installation that has just started', async (t) => {
  const home = await tempDir(t);
  const { plan } = createStepwiseInstallation(home, A);
  // Called between the attempt to lock the folder, which is missing, and the check of ownership.
  const pathsOf = (): string[] => {
    mkdirSync(plan.layout.folder, { recursive: true });
    writeFileSync(plan.layout.record, JSON.stringify({ format: 1, label: A, madeFolders: [], isUnderWay: true }));
    return [];
  };
  const options = { label: A, supervisor: { ...plan.supervisor, pathsOf }, host: plan.host };
  t.is((await uninstall(options)).outcome, 'not-installed');
  t.true(hasClaim(plan.layout));
});

test('a claim that fails leaves no folder', async (t) => {
  const home = await tempDir(t);
  const { plan } = createStepwiseInstallation(home, A);
  await mkdir(join(home, '.local', 'share', 'launchpool'), { recursive: true });
  await symlink(join(home, 'missing'), plan.layout.folder);
  const before = namesIn(home);
  await t.throwsAsync(claimFolder(plan), { code: 'EEXIST' });
  t.deepEqual(namesIn(home), before);
});

for (const [what, change] of [
  ['without folders', (record: object) => JSON.stringify({ ...record, madeFolders: undefined })],
  ['with malformed folders', (record: object) => JSON.stringify({ ...record, madeFolders: [1, null] })],
  ['that is truncated', () => '{"format":1,'],
] as const) {
  test(`a record ${what} names no folders, and the uninstallation of another agent removes them`, async (t) => {
    const home = await tempDir(t);
    const [first, second] = [createStepwiseInstallation(home, A), createStepwiseInstallation(home, B)];
    await installStepwise(first);
    await installStepwise(second);
    const { record } = first.plan.layout;
    await writeFile(record, change(JSON.parse(readFileSync(record, 'utf8'))));
    t.deepEqual(madeFoldersIn(record), []);
    t.is(await first.uninstall(), 'uninstalled');
    t.is(await second.uninstall(), 'uninstalled');
    t.deepEqual(namesIn(home), []);
  });
}

test('a record of an earlier version, which names only its own folders, names the others after the next installation', async (t) => {
  const home = await tempDir(t);
  const [first, second] = [createStepwiseInstallation(home, A), createStepwiseInstallation(home, B)];
  await installStepwise(first);
  await installStepwise(second);
  const { record } = second.plan.layout;
  await writeFile(record, JSON.stringify({ ...JSON.parse(readFileSync(record, 'utf8')), madeFolders: [] }));
  await installStepwise(second);
  await first.uninstall();
  await second.uninstall();
  t.deepEqual(namesIn(home), []);
});

test('a record names only the folders above the files of its agent', async (t) => {
  const home = await tempDir(t);
  const [first, second] = [createStepwiseInstallation(home, A), createStepwiseInstallation(home, B)];
  await installStepwise(first);
  second.plan.jobFiles = [];
  await installStepwise(second);
  const named = madeFoldersIn(second.plan.layout.record).map((path) => path.slice(home.length + 1));
  t.deepEqual(named.sort(), [
    '.local',
    '.local/share',
    '.local/share/launchpool',
    `.local/share/launchpool/${B}`,
    'run',
    'run/user',
  ]);
});

test.serial('a path is made although another process removes one of its folders concurrently', async (t) => {
  const folder = join(await tempDir(t), 'a', 'b');
  await mkdir(folder, { recursive: true });
  const own = fs.mkdir;
  let removals = 0;
  // The folder exists when mkdir() is called, and is removed before the error is examined.
  fs.mkdir = (async (path: string, options: object) => {
    try {
      return await own(path, options);
    } finally {
      if (removals < 2) await rm(join(folder, '..'), { recursive: true, force: true });
      removals += 1;
    }
  }) as typeof own;
  syncBuiltinESMExports();
  const made: string[] = [];
  try {
    await makePath(folder, made);
  } finally {
    fs.mkdir = own;
    syncBuiltinESMExports();
  }
  t.true(existsSync(folder));
  t.true(removals > 2);
  t.deepEqual([...new Set(made)].sort(), [dirname(folder), folder]);
});

const STEPS = ['begin', 'fill', 'finish', 'fail', 'uninstall'] as const;

for (const step of STEPS) {
  test.serial(
    `the next commands remove everything that an installation leaves when killed at any change of "${step}"`,
    async (t) => {
      let after = 0;
      for (let isKilled = true; isKilled; after += 1) {
        for (const recovery of ['uninstall', 'install', 'another'] as const) {
          const home = await tempDir(t);
          const [killed, other] = [createStepwiseInstallation(home, A), createStepwiseInstallation(home, B)];
          await reach(killed, step);
          isKilled = await killedAfter(after, () => killed[step]());
          killed.die();
          const what = `killed after ${after} changes, then ${recovery}`;
          if (recovery === 'install') await installStepwise(killed);
          if (recovery === 'another') await installStepwise(other);
          await killed.uninstall();
          if (recovery === 'another') t.is(await other.uninstall(), 'uninstalled', what);
          t.deepEqual(namesIn(home), [], what);
        }
      }
      t.true(after > (step === 'finish' ? 3 : 5), `${after} changes`);
    },
  );
}

async function reach({ begin, fill, finish }: StepwiseInstallation, step: (typeof STEPS)[number]): Promise<void> {
  if (step !== 'begin') await begin();
  if (step !== 'begin' && step !== 'fill') await fill();
  if (step === 'uninstall') await finish();
}

async function installStepwise({ begin, fill, finish }: StepwiseInstallation): Promise<void> {
  await begin();
  await fill();
  await finish();
}

function labelsOf({ home }: FakeSupervisor): string[] {
  return installedLabels(createStepwiseInstallation(home, A).plan.host);
}
