/** The double of launchd behaves as launchd is documented to: what launchctl is told, and what it answers. */
import { chmodSync, readFileSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { isAlive } from '../helpers/activator.ts';
import {
  type Bench,
  createBench,
  DEAF,
  isUp,
  LABEL,
  onLinux,
  STAY,
  shell,
  socketsOf,
  TARGET,
  until,
} from '../helpers/launchd/bench.ts';

for (const [what, status, spoil] of [
  ['a domain that there is not', 125, (_: Bench) => ({ domain: 'gui/502' })],
  ['a file that there is not', 5, ({ path }) => unlinkSync(path)],
  ['a file that others may write', 5, ({ path }) => chmodSync(path, 0o664)],
  ['a file that is not XML', 5, ({ path }) => writeFileSync(path, '<plist>')],
  ['a job without a label', 5, ({ write }) => write({ Label: '' })],
  ['a program by a path that is not absolute', 5, ({ write }) => write({ ProgramArguments: ['true'] })],
  ['a job of another kind of session', 134, ({ write }) => write({ LimitLoadToSessionType: 'Background' })],
  ['a label that is switched off', 5, ({ launchd }) => launchd.setDisabled(LABEL, true)],
  ['a label that is loaded', 5, ({ load }) => load()],
] as [string, number, (bench: Bench) => unknown][]) {
  onLinux(`bootstrap refuses ${what}`, async (t) => {
    const bench = await createBench(t);
    await bench.write();
    const spoilt = (await spoil(bench)) as { domain?: string } | undefined;
    const result = await bench.ctl('bootstrap', spoilt?.domain ?? 'gui/501', bench.path);
    t.is(result.status, status);
    t.regex(result.stderr, new RegExp(`^Bootstrap failed: ${status}: `));
  });
}

onLinux('bootstrap refuses symbolic links and files of other names', async (t) => {
  const { path, write, ctl } = await createBench(t);
  await write();
  symlinkSync(path, `${path}.link.plist`);
  writeFileSync(`${path}.txt`, readFileSync(path));
  t.is((await ctl('bootstrap', 'gui/501', `${path}.link.plist`)).status, 5);
  t.is((await ctl('bootstrap', 'gui/501', `${path}.txt`)).status, 5);
});

onLinux('the domain of the user takes what is made for the background', async (t) => {
  const { path, write, ctl } = await createBench(t);
  await write();
  t.is((await ctl('bootstrap', 'user/501', path)).status, 134);
  await write({ LimitLoadToSessionType: ['Aqua', 'Background'] });
  t.is((await ctl('bootstrap', 'user/501', path)).status, 0);
});

onLinux('a label that is switched off stays so until it is enabled', async (t) => {
  const { load, ctl } = await createBench(t);
  t.is((await ctl('disable', TARGET)).status, 0);
  t.is((await load()).status, 5);
  t.is((await ctl('print-disabled', 'gui/501')).stdout, `disabled services = {\n\t\t"${LABEL}" => disabled\n\t}\n`);
  t.is((await ctl('enable', TARGET)).status, 0);
  t.is((await load()).status, 0);
});

onLinux('bootout of a job that is not there, and of one without a process', async (t) => {
  const bench = await createBench(t);
  t.like(await bench.ctl('bootout', TARGET), { status: 3, stderr: 'Boot-out failed: 3: No such process\n' });
  await bench.load({ Sockets: socketsOf(bench) });
  t.is((await bench.ctl('bootout', TARGET)).status, 0);
  t.is((await bench.ctl('print', TARGET)).status, 113);
  t.true(statSync(bench.socketPath).isSocket());
  await t.throwsAsync(bench.knock(), { code: 'ECONNREFUSED' });
  t.deepEqual(
    bench.launchd.events.map(({ event }) => event),
    ['bootstrapped', 'removed'],
  );
});

onLinux('bootout returns at once, and the label is taken until a while after the process has gone', async (t) => {
  const bench = await createBench(t, { drainMs: 6_000 });
  // 0 is for ever.
  await bench.load({ ProgramArguments: DEAF, RunAtLoad: true, ExitTimeOut: 0, Sockets: socketsOf(bench) });
  await until(isUp(bench));
  t.like(await bench.ctl('bootout', TARGET), {
    status: 36,
    stderr: 'Boot-out failed: 36: Operation now in progress\n',
  });
  await t.throwsAsync(bench.knock(), { code: 'ECONNREFUSED' });
  t.is((await bench.printed()).state, 'SIGTERMed');
  t.is((await bench.ctl('bootout', TARGET)).status, 37);
  t.is((await bench.load()).status, 5);
  await bench.ctl('kill', 'SIGKILL', TARGET);
  await bench.launchd.reached('exited', 1);
  t.like(await bench.printed(), { state: 'SIGTERMed', pid: undefined });
  t.is((await bench.load()).status, 5);
  await bench.launchd.reached('removed', 1);
  t.is((await bench.ctl('print', TARGET)).status, 113);
  t.is((await bench.load()).status, 0);
});

onLinux('a process that does not leave when its job is booted out is killed', async (t) => {
  const bench = await createBench(t);
  await bench.load({ ProgramArguments: DEAF, RunAtLoad: true, ExitTimeOut: 1 });
  await until(isUp(bench));
  t.is((await bench.ctl('bootout', TARGET)).status, 36);
  t.is((await bench.launchd.reached('exited', 1)).status, 'SIGKILL');
});

onLinux('kickstart starts a job, lets it be when it runs, and with -p says its process id', async (t) => {
  const bench = await createBench(t);
  t.is((await bench.ctl('kickstart', TARGET)).status, 113);
  await bench.load({ ProgramArguments: STAY });
  t.is((await bench.ctl('kickstart', TARGET)).status, 0);
  const { pid } = await bench.launchd.reached('spawned', 1);
  t.deepEqual(await bench.ctl('kickstart', '-p', TARGET), { status: 0, stdout: `${pid}\n`, stderr: '' });
  t.is(bench.launchd.all('spawned').length, 1);
});

onLinux('kickstart -k ends the process, by force if need be, and starts another', async (t) => {
  const bench = await createBench(t);
  await bench.load({ ProgramArguments: DEAF, RunAtLoad: true, ExitTimeOut: 1, ThrottleInterval: 1 });
  await until(isUp(bench));
  const { stdout } = await bench.ctl('kickstart', '-kp', TARGET);
  t.is((await bench.launchd.reached('exited', 1)).status, 'SIGKILL');
  const [first, second] = bench.launchd.all('spawned');
  t.not(first?.pid, second?.pid);
  t.is(stdout, `${second?.pid}\n`);
});

onLinux('kickstart does not start a job too soon either', async (t) => {
  const bench = await createBench(t);
  await bench.load({ RunAtLoad: true, ThrottleInterval: 5 });
  await bench.launchd.reached('exited', 1);
  t.is((await bench.ctl('kickstart', TARGET)).status, 0);
  t.is((await bench.printed()).state, 'spawn scheduled');
  await bench.launchd.reached('spawned', 2);
});

onLinux('kill sends a signal, by name or number, to the process alone', async (t) => {
  const bench = await createBench(t);
  t.is((await bench.ctl('kill', 'SIGTERM', TARGET)).status, 113);
  await bench.load({ ProgramArguments: shell('trap "exit 7" TERM; echo up; while :; do sleep 0.02; done') });
  t.is((await bench.ctl('kill', 'SIGTERM', TARGET)).status, 3);
  t.is((await bench.ctl('kill', 'SIGNONE', TARGET)).status, 64);
  await bench.ctl('kickstart', TARGET);
  await until(isUp(bench));
  t.is((await bench.ctl('kill', '15', TARGET)).status, 0);
  t.is((await bench.launchd.reached('exited', 1)).status, 7);
  t.like(await bench.printed(), { state: 'not running', lastExit: 7 });
});

onLinux('print tells of a job on lines with one tab, and of other things deeper, in the same words', async (t) => {
  const bench = await createBench(t);
  t.like(await bench.ctl('print', TARGET), {
    status: 113,
    stderr: `Could not find service "${LABEL}" in domain for user gui: 501\n`,
  });
  await bench.load({ ProgramArguments: STAY });
  const idle = (await bench.ctl('print', TARGET)).stdout;
  t.regex(idle, /^gui\/501\/com\.example\.job = \{\n\tactive count = 0\n\tpath = \/.*\n\ttype = LaunchAgent\n/);
  t.regex(idle, /\n\tstate = not running\n\n\tprogram = \/bin\/sh\n\targuments = \{\n\t\t\/bin\/sh\n\t\t-c\n/);
  t.regex(idle, /\n\truns = 0\n\tlast exit code = \(never exited\)\n/);
  t.regex(idle, /\n\t\tstate = active\n\t\tpid = 1\n/);
  t.true(idle.endsWith('\n}\n'));
  t.notRegex(idle, /^\tpid = /m);
  await bench.ctl('kickstart', TARGET);
  const { pid } = await bench.launchd.reached('spawned', 1);
  t.like(await bench.printed(), { state: 'running', pid, path: bench.path });
  await bench.ctl('kill', 'SIGTERM', TARGET);
  await bench.launchd.reached('exited', 1);
  const ended = (await bench.ctl('print', TARGET)).stdout;
  t.regex(ended, /\n\truns = 1\n\tlast terminating signal = Terminated: 15\n/);
  t.notRegex(ended, /last exit code/);
});

onLinux('what launchctl does not know, and what is not launchctl', async (t) => {
  const { ctl, launchd } = await createBench(t, { domains: ['user/501'] });
  t.is((await ctl('print', 'user/501')).status, 0);
  t.is((await ctl('print', 'gui/501')).status, 112);
  t.is((await ctl('list')).status, 64);
  t.is((await launchd.run(['/bin/systemctl', 'list'])).status, 127);
  t.deepEqual(launchd.commands.at(-1), ['/bin/launchctl', 'list']);
  t.is(launchd.commands.length, 3);
});

onLinux('nothing is left when it is closed', async (t) => {
  const [deaf, family] = [await createBench(t), await createBench(t)];
  await deaf.load({ ProgramArguments: DEAF, RunAtLoad: true });
  const script = '(trap "" TERM; echo up; while :; do sleep 0.02; done) & wait';
  await family.load({ ProgramArguments: shell(script), RunAtLoad: true, Sockets: socketsOf(family) });
  await until(isUp(deaf));
  await until(isUp(family));
  await family.ctl('kill', 'SIGKILL', TARGET);
  await family.launchd.reached('exited', 1);
  await Promise.all([deaf.launchd.close(), family.launchd.close()]);
  t.false(isAlive((await deaf.launchd.reached('spawned', 1)).pid));
  t.is((await deaf.ctl('print', TARGET)).status, 113);
  // Who outlives the process holds its socket too.
  while (await family.knock().catch(() => undefined)) t.true(statSync(family.socketPath).isSocket());
});
