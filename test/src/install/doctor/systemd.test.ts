/** The doctor's checks of an agent under systemd's user manager, the real one, and their fixes. */
import { existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { restart } from '../../../../src/install/restart.ts';
import { encodeTextFrame } from '../../../../wire/frame.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { treeOf } from '../../../helpers/tree.ts';
import { expectFixed, idsOf, onSystemd, SHORT, type SystemdBench, stateIs } from './bench.ts';
import { hungProcessIsEnded, slowProcessIsKept, throttledNamesLog } from './shared-cases.ts';

const it = onSystemd();

/** Writes a drop-in, with which administrators change a unit. Removed when the test ends. */
async function dropIn(
  t: ExecutionContext,
  { ctl }: SystemdBench,
  unit: string,
  text: string,
): Promise<() => Promise<void>> {
  const folder = `${unit}.d`;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'limit.conf'), text);
  await ctl('daemon-reload');
  const remove = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true });
    await ctl('daemon-reload');
  };
  t.teardown(remove);
  return remove;
}

/** Crashes the agent until systemd stops listening for it. */
async function crashUntilFailed({ label, layout, supervisor }: SystemdBench): Promise<void> {
  while ((await supervisor.status(label)).listening) {
    const socket = connect(layout.sockets.agent);
    socket.on('error', () => undefined);
    socket.write(encodeTextFrame('{"jsonrpc":"2.0","id":1,"method":"die"}'));
    await new Promise((resolve) => socket.resume().once('close', resolve));
  }
}

it('a healthy agent has no finding, is not started, and is not changed', async (t, bench) => {
  await bench.install({ agent: SHORT });
  await bench.idle();
  const { session, host } = bench;
  const before = treeOf(host.home);
  session.commands.length = 0;
  t.deepEqual(await bench.doctor(), []);
  t.deepEqual(await bench.doctor({ fix: true }), []);
  t.deepEqual(await bench.doctor({ label: undefined }), []);
  t.deepEqual(treeOf(host.home), before);
  t.true(session.commands.length > 0);
  t.deepEqual(
    session.commands.filter(([program, , verb]) => program === 'systemctl' && verb !== 'show'),
    [],
  );
  t.is((await bench.status()).state, 'idle');
});

it('a running agent has no finding and keeps running', async (t, bench) => {
  await bench.install();
  const pid = await bench.call();
  t.deepEqual(await bench.doctor({ fix: true }), []);
  t.is(await bench.call(), pid);
});

it('a stopped socket unit is started', async (t, bench) => {
  await bench.install();
  await bench.ctl('stop', basename(bench.units.socket));
  const [found] = await expectFixed(t, bench, ['disabled']);
  t.regex(found?.message ?? '', /\.socket is not started/);
});

it('a stopped control socket unit is started', async (t, bench) => {
  await bench.install();
  await bench.ctl('stop', basename(bench.units.control));
  const [found] = await expectFixed(t, bench, ['disabled']);
  t.regex(found?.message ?? '', /-control\.socket is not started/);
});

it('a masked unit is rewritten, and the target of the mask is not changed', async (t, bench) => {
  await bench.install();
  const { socket } = bench.units;
  const before = readFileSync(socket, 'utf8');
  // Empty, as /dev/null is.
  const nothing = join(await tempDir(t), 'null');
  writeFileSync(nothing, '', { mode: 0o666 });
  rmSync(socket);
  symlinkSync(nothing, socket);
  await bench.ctl('daemon-reload');
  const found = await expectFixed(t, bench, ['file-changed', 'disabled']);
  t.regex(found[1]?.message ?? '', /masked/);
  t.is(readFileSync(nothing, 'utf8'), '');
  t.is(readFileSync(socket, 'utf8'), before);
});

it('changed units are rewritten', async (t, bench) => {
  await bench.install();
  const { socket, control, service } = bench.units;
  for (const [path, from, to] of [
    [socket, 'SocketMode=0600', 'SocketMode=0660'],
    [control, 'SocketMode=0600', 'SocketMode=0660'],
    [service, 'WatchdogSec=', 'WatchdogSec=1'],
  ] as const) {
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, before.replace(from, to));
    const [found] = await expectFixed(t, bench, ['file-changed']);
    t.is(found?.message, `${path} has been changed`);
    t.is(readFileSync(path, 'utf8'), before);
  }
});

it('a socket unit that starts another service is rewritten', async (t, bench) => {
  await bench.install();
  const { socket } = bench.units;
  writeFileSync(socket, readFileSync(socket, 'utf8').replace(/^Service=.*$/m, 'Service=com.example.other.service'));
  const [found] = await expectFixed(t, bench, ['label-mismatch']);
  t.is(found?.message, `${socket} has the label com.example.other instead of ${bench.label}`);
});

it('missing units are rewritten, all of them before systemd reads any', async (t, bench) => {
  await bench.install();
  const { socket, control, service } = bench.units;
  rmSync(service);
  await expectFixed(t, bench, ['file-changed']);
  for (const path of [socket, control, service]) rmSync(path);
  await bench.ctl('stop', basename(socket), basename(control), basename(service));
  await bench.ctl('daemon-reload');
  const found = await expectFixed(t, bench, ['file-changed', 'file-changed', 'file-changed', 'blocked']);
  t.is(found[0]?.message, `${socket} is missing`);
  t.is(found[3]?.message, 'systemd has no such job');
});

it('units of another program that are in effect are named, and not stopped, replaced or restarted', async (t, bench) => {
  await bench.install();
  const { label, host, units } = bench;
  const own = [units.socket, units.control, units.service];
  await bench.ctl('stop', ...own.map((path) => basename(path)));
  for (const path of own) rmSync(path);
  const data = join(host.home, '.local', 'share', 'systemd', 'user');
  const other = join(data, basename(units.service));
  await mkdir(data, { recursive: true });
  writeFileSync(other, '[Service]\nExecStart=/bin/sleep 600\n');
  await bench.ctl('daemon-reload');
  await bench.ctl('start', basename(other));
  const pidOf = async (): Promise<number | undefined> => (await bench.status()).pid;
  const pid = await pidOf();
  const found = await bench.doctor({ fix: true });
  t.deepEqual(idsOf(found), ['label-taken']);
  t.like(found[0], { severity: 'problem', canFix: false });
  t.true(found[0]?.message.includes(other));
  await t.throwsAsync(restart({ label, host }), { code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED' });
  t.is(await pidOf(), pid);
  t.deepEqual(
    own.filter((path) => existsSync(path)),
    [],
  );
  rmSync(other);
  await bench.ctl('stop', basename(other));
  await bench.ctl('daemon-reload');
  await expectFixed(t, bench, ['file-changed', 'file-changed', 'file-changed', 'blocked']);
});

it('a socket that failed because its service was started too often is started again', async (t, bench) => {
  await bench.install();
  await dropIn(t, bench, bench.units.service, '[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=2\n');
  await crashUntilFailed(bench);
  const [found] = await expectFixed(t, bench, ['socket-failed']);
  t.like(found, { severity: 'problem', label: bench.label });
  t.regex(found?.message ?? '', /\.socket: .*start-limit-hit/);
});

it('a socket that failed because it was triggered too often is started again', async (t, bench) => {
  await bench.install();
  const limits = '[Socket]\nTriggerLimitIntervalSec=1h\nTriggerLimitBurst=2\n';
  const remove = await dropIn(t, bench, bench.units.socket, limits);
  await crashUntilFailed(bench);
  await remove();
  const [found] = await expectFixed(t, bench, ['socket-failed']);
  t.regex(found?.message ?? '', /\.socket: trigger-limit-hit/);
});

it('a process that hangs is ended, and the waiting client gets the next process', hungProcessIsEnded);

it('a process that starts slowly is kept', slowProcessIsKept);

it('a crash of the last process is a notice, and the next connection starts a process', async (t, bench) => {
  await bench.install();
  await bench.crash();
  await stateIs(bench, 'failed');
  const found = await bench.doctor({ fix: true });
  t.deepEqual(idsOf(found), ['crashed']);
  t.like(found[0], { severity: 'notice', canFix: false, fixed: undefined });
  t.regex(found[0]?.hint ?? '', /launchpool logs/);
  t.true((await bench.call()) > 0);
});

it('the hint for an agent that exits right after its start names the log', throttledNamesLog);
