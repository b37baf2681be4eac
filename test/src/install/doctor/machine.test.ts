/** The doctor's checks of the machine and the session. */

import { existsSync } from 'node:fs';
import { copyFile, mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import type { CommandResult, RunCommand } from '../../../../job/run-command.ts';
import { type DoctorOptions, doctor } from '../../../../src/install/doctor/doctor.ts';
import type { Host } from '../../../../src/installed/host.ts';
import { declareWith } from '../../../helpers/not-tested.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { idsOf, launchdBench } from './bench.ts';

const it = declareWith(test);

const DONE: CommandResult = { status: 0, stdout: '', stderr: '' };

/** Runs no command: returns a result for each program by name. All other programs are missing. */
function answering(answers: Readonly<Record<string, Partial<CommandResult>>>): RunCommand {
  return async ([program]) => ({ ...DONE, ...(answers[program] ?? { status: 127 }) });
}

async function emptyHome(t: ExecutionContext, overrides: Partial<Host>): Promise<DoctorOptions> {
  const home = await tempDir(t);
  return { host: { home, env: { XDG_RUNTIME_DIR: home }, uid: 1000, ...overrides } };
}

const SYSTEMD: Partial<Host> = { platform: 'linux' };
const REACHABLE = { systemctl: {} };

it('a working host without agents has no finding', async (t) => {
  const run = answering({ ...REACHABLE, loginctl: { stdout: 'yes\n' } });
  t.deepEqual(await doctor(await emptyHome(t, { ...SYSTEMD, run })), []);
});

it('missing lingering is a notice, except for root', async (t) => {
  const run = answering({ ...REACHABLE, loginctl: { stdout: 'no\n' } });
  const found = await doctor({ ...(await emptyHome(t, { ...SYSTEMD, run })), fix: true });
  t.deepEqual(idsOf(found), ['no-lingering']);
  t.like(found[0], { severity: 'notice', canFix: false, fixed: undefined });
  t.regex(found[0]?.hint ?? '', /loginctl enable-linger/);
  t.deepEqual(await doctor(await emptyHome(t, { ...SYSTEMD, run, uid: 0 })), []);
});

it('where loginctl fails for a user, the file in /var/lib/systemd/linger decides', async (t) => {
  // A user that does not exist has no such file.
  const run = answering({ ...REACHABLE, loginctl: { status: 1, stderr: 'Failed to get user' } });
  t.deepEqual(idsOf(await doctor(await emptyHome(t, { ...SYSTEMD, run, uid: 1_999_999_999 }))), ['no-lingering']);
});

for (const [what, given, message, hint] of [
  [
    'a user manager that does not answer',
    {
      ...SYSTEMD,
      run: answering({
        systemctl: { status: 1, stderr: 'Failed to connect to bus: No medium found' },
        loginctl: { stdout: 'yes\n' },
      }),
    },
    /Failed to connect to bus/,
    /XDG_RUNTIME_DIR/,
  ],
  ['a system without systemctl', { ...SYSTEMD, run: answering({}), uid: 0 }, /there is no systemctl/, /login session/],
  [
    'a Mac as root',
    { platform: 'darwin', uid: 0, run: answering({ '/bin/launchctl': {} }) },
    /this user is root/,
    /sudo/,
  ],
  ['another system', { platform: 'freebsd', run: answering({}) }, /neither launchd nor systemd/, /launchpool dev/],
] as const satisfies readonly [string, Partial<Host>, RegExp, RegExp][]) {
  it(`${what}: the supervisor is unreachable, and the hint says what to do`, async (t) => {
    const found = await doctor({ ...(await emptyHome(t, given)), fix: true });
    t.deepEqual(idsOf(found), ['supervisor-unreachable']);
    t.like(found[0], { severity: 'problem', canFix: false, fixed: undefined });
    t.regex(found[0]?.message ?? '', message);
    t.regex(found[0]?.hint ?? '', hint);
  });
}

it('without a launchd domain for the user, no agent is checked', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  const run: RunCommand = async () => ({ status: 112, stdout: '', stderr: 'Could not find domain' });
  const found = await bench.doctor({ host: { ...bench.host, run }, fix: true });
  t.deepEqual(idsOf(found), ['supervisor-unreachable', 'headless']);
  t.deepEqual(await bench.doctor(), []);
});

it('a home folder that has become too long for sockets is found, for one label and for all', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  const home = join(await tempDir(t), 'long'.repeat(20));
  await rename(bench.host.home, home);
  // A second agent, and the folder of another application.
  const support = join(home, 'Library', 'Application Support');
  for (const name of ['com.example.second', 'Some App']) {
    await mkdir(join(support, name));
    await copyFile(join(support, bench.label, 'launchpool.json'), join(support, name, 'launchpool.json'));
  }
  const host = { ...bench.host, home };
  for (const fix of [false, true]) {
    const found = await bench.doctor({ host, fix });
    t.deepEqual(idsOf(found), ['path-too-long']);
    t.like(found[0], { severity: 'problem', label: bench.label, canFix: false, fixed: undefined });
    t.regex(found[0]?.message ?? '', /the socket path has \d+ bytes; the maximum is 103/);
    t.regex(found[0]?.hint ?? '', /shorter label/);
  }
  const all = await bench.doctor({ host, label: undefined });
  t.deepEqual(all.map(({ id, label }) => [id, label]).sort(), [
    ['path-too-long', bench.label],
    ['path-too-long', 'com.example.second'],
  ]);
});

it('a renamed home folder is fixed by one run', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  const { launchd, label } = bench;
  await launchd.run(['/bin/launchctl', 'bootout', `gui/501/${label}`]);
  await launchd.reached('removed', 1);
  const home = `${bench.host.home}2`;
  await rename(bench.host.home, home);
  const host = { ...bench.host, home };
  const found = await bench.doctor({ host, fix: true });
  t.true(idsOf(found).includes('program-gone'));
  t.deepEqual(
    found.filter(({ fixed }) => fixed !== true),
    [],
  );
  t.deepEqual(await bench.doctor({ host }), []);
  t.false(existsSync(bench.host.home));
});
