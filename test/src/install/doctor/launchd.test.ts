/** What the doctor finds of an agent under launchd, and mends. */
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
import { treeOf } from '../../../helpers/tree.ts';
import { hungIsEnded, isThrottled, slowIsSpared } from './alike.ts';
import { hang, idsOf, isMended, type LaunchdBench, launchdBench, SHORT, stateIs } from './bench.ts';

const it = test.serial;

/** As at a logout: the sockets are left where they are. */
async function bootOut({ launchd, label }: LaunchdBench): Promise<void> {
  const target = `gui/501/${label}`;
  await launchd.run(['/bin/launchctl', 'bootout', target]);
  while ((await launchd.run(['/bin/launchctl', 'print', target])).status === 0) await wait(10);
}

function edit(path: string, from: string | RegExp, to: string): void {
  const before = readFileSync(path, 'utf8');
  writeFileSync(path, before.replace(from, to));
}

it('of a healthy agent nothing is found, none is started, and nothing is changed', async (t) => {
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

it('of an agent that runs nothing is found, and it goes on', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  const pid = await bench.call();
  t.deepEqual(await bench.doctor({ fix: true }), []);
  t.is(await bench.call(), pid);
});

it('an agent that was switched off in Login Items is switched on', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  bench.launchd.setDisabled(bench.label, true);
  await bootOut(bench);
  const [found] = await isMended(t, bench, ['disabled', 'socket-dead', 'socket-dead']);
  t.like(found, { severity: 'problem', label: bench.label });
  t.regex(found?.message ?? '', /Login Items/);
});

it('an agent that should be loaded and is not is loaded', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  await bootOut(bench);
  const [found] = await isMended(t, bench, ['blocked', 'socket-dead', 'socket-dead']);
  t.regex(found?.hint ?? '', /Login Items/);
});

it('of an agent that ends as soon as it is started, the log is where to look', async (t) =>
  isThrottled(t, await launchdBench(t)));

it('that the last process has crashed is a notice, and the next connection starts another', async (t) => {
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

it('a plist of another label is written anew', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  const before = readFileSync(bench.plist, 'utf8');
  edit(bench.plist, `<string>${bench.label}</string>`, '<string>com.example.other</string>');
  const [found] = await isMended(t, bench, ['label-mismatch']);
  t.regex(found?.message ?? '', /is of the label com\.example\.other, not of com\.example\.patient/);
  t.is(readFileSync(bench.plist, 'utf8'), before);
});

it('a plist that somebody has changed is written anew, and launchd reads it', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  const before = readFileSync(bench.plist, 'utf8');
  edit(bench.plist, 'Interactive', 'Background');
  const loaded = bench.launchd.all('bootstrapped').length;
  const [found] = await isMended(t, bench, ['file-changed']);
  t.is(found?.message, `${bench.plist} is not as it was written`);
  t.is(readFileSync(bench.plist, 'utf8'), before);
  t.is(bench.launchd.all('bootstrapped').length, loaded + 1);
});

it('a link in the place of the plist gives way to it, and what it leads to stays as it is', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  const kept = join(bench.host.home, 'kept.plist');
  renameSync(bench.plist, kept);
  symlinkSync(kept, bench.plist);
  const before = statSync(kept);
  await isMended(t, bench, ['file-changed']);
  t.true(lstatSync(bench.plist).isFile());
  t.is(readFileSync(bench.plist, 'utf8'), readFileSync(kept, 'utf8'));
  t.is(statSync(kept).mtimeMs, before.mtimeMs);
});

it('a plist that is gone is written anew, whether launchd still knows the agent or not', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  rmSync(bench.plist);
  const [found] = await isMended(t, bench, ['file-changed']);
  t.is(found?.message, `there is no ${bench.plist}`);
  rmSync(bench.plist);
  await bootOut(bench);
  await isMended(t, bench, ['file-changed', 'blocked', 'socket-dead', 'socket-dead']);
});

it("somebody else's job of the label is named, and nothing is done to it", async (t) => {
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
  await isMended(t, bench, ['blocked', 'socket-dead', 'socket-dead']);
});

it('an agent that is being stopped is not revived', async (t) => {
  const bench = await launchdBench(t);
  await bench.install({ agent: { drain: 20 } });
  hang(t, await bench.call());
  const target = `gui/501/${bench.label}`;
  await bench.launchd.run(['/bin/launchctl', 'bootout', target]);
  t.like(await bench.status(), { state: 'stopping', listening: false });
  t.deepEqual(await bench.doctor({ fix: true }), []);
  t.is(bench.launchd.all('bootstrapped').length, 1);
});

it('a process that hangs is ended, and who waits has the next one', async (t) => hungIsEnded(t, await launchdBench(t)));

it('a process that is slow to start is left in peace', async (t) => slowIsSpared(t, await launchdBench(t)));

it('that nobody is logged in at the screen is a notice: the agent works', async (t) => {
  const bench = await launchdBench(t, { domains: ['user/501'] });
  await bench.install();
  const found = await bench.doctor({ fix: true });
  t.deepEqual(idsOf(found), ['headless']);
  t.like(found[0], { severity: 'notice', canFix: false, label: undefined });
  t.regex(found[0]?.hint ?? '', /login window/);
  t.true((await bench.call()) > 0);
});
