/** The doctor's checks of an agent under launchd, and their fixes. */

import {
  copyFileSync,
  lstatSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import { declareWith } from '../../../helpers/not-tested.ts';
import { treeOf } from '../../../helpers/tree.ts';
import { expectFixed, hang, idsOf, type LaunchdBench, launchdBench, SHORT, stateIs } from './bench.ts';
import { hungProcessIsEnded, slowProcessIsKept, throttledNamesLog } from './shared-cases.ts';

const it = declareWith(test.serial);

/** Unloads the job as a logout does. The sockets stay. */
async function bootOut({ launchd, label }: LaunchdBench): Promise<void> {
  const target = `gui/501/${label}`;
  await launchd.run(['/bin/launchctl', 'bootout', target]);
  while ((await launchd.run(['/bin/launchctl', 'print', target])).status === 0) await wait(10);
}

function edit(path: string, from: string | RegExp, to: string): void {
  const before = readFileSync(path, 'utf8');
  writeFileSync(path, before.replace(from, to));
}

it('a healthy agent has no finding, is not started, and is not changed', async (t) => {
  const bench = await launchdBench(t);
  await bench.install({ agent: SHORT });
  await bench.idle();
  const { launchd, host } = bench;
  const before = [treeOf(host.home), launchd.all('spawned')];
  launchd.commands.length = 0;
  t.deepEqual(await bench.doctor(), []);
  t.deepEqual(await bench.doctor({ fix: true }), []);
  t.deepEqual(await bench.doctor({ label: undefined }), []);
  t.deepEqual([treeOf(host.home), launchd.all('spawned')], before);
  t.true(launchd.commands.length > 0);
  t.deepEqual(
    launchd.commands.filter(([, verb]) => !verb?.startsWith('print')),
    [],
  );
});

it('a running agent has no finding and keeps running', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  const pid = await bench.call();
  t.deepEqual(await bench.doctor({ fix: true }), []);
  t.is(await bench.call(), pid);
});

it('an agent that is disabled in Login Items is enabled', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  bench.launchd.setDisabled(bench.label, true);
  await bootOut(bench);
  const [found] = await expectFixed(t, bench, ['disabled', 'socket-dead', 'socket-dead']);
  t.like(found, { severity: 'problem', label: bench.label });
  t.regex(found?.message ?? '', /Login Items/);
});

it('an agent that is not loaded is loaded', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  await bootOut(bench);
  const [found] = await expectFixed(t, bench, ['blocked', 'socket-dead', 'socket-dead']);
  t.regex(found?.hint ?? '', /Login Items/);
});

it('the hint for an agent that exits right after its start names the log', async (t) =>
  throttledNamesLog(t, await launchdBench(t)));

it('a crash of the last process is a notice, and the next connection starts a process', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  await bench.crash();
  await stateIs(bench, 'failed');
  const found = await bench.doctor({ fix: true });
  t.deepEqual(idsOf(found), ['crashed']);
  t.like(found[0], { severity: 'notice', canFix: false, fixed: undefined });
  t.regex(found[0]?.hint ?? '', /launchpool logs/);
  t.true((await bench.call()) > 0);
});

it('a plist with another label is rewritten', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  const before = readFileSync(bench.plist, 'utf8');
  edit(bench.plist, `<string>${bench.label}</string>`, '<string>com.example.other</string>');
  const [found] = await expectFixed(t, bench, ['label-mismatch']);
  t.regex(found?.message ?? '', /has the label com\.example\.other instead of com\.example\.doctor/);
  t.is(readFileSync(bench.plist, 'utf8'), before);
});

it('a changed plist is rewritten, and launchd loads it', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  const before = readFileSync(bench.plist, 'utf8');
  edit(bench.plist, 'Interactive', 'Background');
  const loaded = bench.launchd.all('bootstrapped').length;
  const [found] = await expectFixed(t, bench, ['file-changed']);
  t.is(found?.message, `${bench.plist} has been changed`);
  t.is(readFileSync(bench.plist, 'utf8'), before);
  t.is(bench.launchd.all('bootstrapped').length, loaded + 1);
});

it('a link at the path of the plist is replaced, and its target is not changed', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  const kept = join(bench.host.home, 'kept.plist');
  renameSync(bench.plist, kept);
  symlinkSync(kept, bench.plist);
  const before = statSync(kept);
  await expectFixed(t, bench, ['file-changed']);
  t.true(lstatSync(bench.plist).isFile());
  t.is(readFileSync(bench.plist, 'utf8'), readFileSync(kept, 'utf8'));
  t.is(statSync(kept).mtimeMs, before.mtimeMs);
});

it('a missing plist is rewritten, whether launchd has the job or not', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  rmSync(bench.plist);
  const [found] = await expectFixed(t, bench, ['file-changed']);
  t.is(found?.message, `${bench.plist} is missing`);
  rmSync(bench.plist);
  await bootOut(bench);
  await expectFixed(t, bench, ['file-changed', 'blocked', 'socket-dead', 'socket-dead']);
});

it('another program’s job of the label is named and not changed', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  await bootOut(bench);
  const other = join(dirname(bench.plist), 'other.plist');
  copyFileSync(bench.plist, other);
  await bench.launchd.run(['/bin/launchctl', 'bootstrap', 'gui/501', other]);
  bench.launchd.commands.length = 0;
  const found = await bench.doctor({ fix: true });
  t.deepEqual(idsOf(found), ['label-taken']);
  t.like(found[0], { severity: 'problem', canFix: false, fixed: undefined });
  t.is(found[0]?.message, `another job has this label: ${other}`);
  t.deepEqual(
    bench.launchd.commands.filter(([, verb]) => !verb?.startsWith('print')),
    [],
  );
  await bootOut(bench);
  await expectFixed(t, bench, ['blocked', 'socket-dead', 'socket-dead']);
});

it('an agent that is being stopped is not loaded again', async (t) => {
  const bench = await launchdBench(t);
  await bench.install({ agent: { drain: 20 } });
  hang(t, await bench.call());
  const target = `gui/501/${bench.label}`;
  await bench.launchd.run(['/bin/launchctl', 'bootout', target]);
  t.like(await bench.status(), { state: 'stopping', listening: false });
  t.deepEqual(await bench.doctor({ fix: true }), []);
  t.is(bench.launchd.all('bootstrapped').length, 1);
});

it('a process that hangs is ended, and the waiting client gets the next process', async (t) =>
  hungProcessIsEnded(t, await launchdBench(t)));

it('a process that starts slowly is kept', async (t) => slowProcessIsKept(t, await launchdBench(t)));

it('a missing login at the screen is a notice: the agent works', async (t) => {
  const bench = await launchdBench(t, { domains: ['user/501'] });
  await bench.install();
  const found = await bench.doctor({ fix: true });
  t.deepEqual(idsOf(found), ['headless', 'not-after-restart']);
  for (const finding of found) t.like(finding, { severity: 'notice', canFix: false });
  t.regex(found[0]?.hint ?? '', /login at the screen, or by --fix/);
  t.true((await bench.call()) > 0);
});
