/** The launchd double behaves as launchd is documented: the commands of launchctl and their answers. */
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
  ['a missing domain', 125, (_: Bench) => ({ domain: 'gui/502' })],
  ['a missing file', 5, ({ path }) => unlinkSync(path)],
  ['a file that others may write', 5, ({ path }) => chmodSync(path, 0o664)],
  ['a file that is not XML', 5, ({ path }) => writeFileSync(path, '<plist>')],
  ['a job without a label', 5, ({ write }) => write({ Label: '' })],
  ['a program with a relative path', 5, ({ write }) => write({ ProgramArguments: ['true'] })],
  ['a job for another session type', 134, ({ write }) => write({ LimitLoadToSessionType: 'Background' })],
  ['a disabled label', 5, ({ launchd }) => launchd.setDisabled(LABEL, true)],
  ['a loaded label', 5, ({ load }) => load()],
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

onLinux("the user's domain accepts jobs with the session type Background", async (t) => {
  const { path, write, ctl } = await createBench(t);
  await write();
  t.is((await ctl('bootstrap', 'user/501', path)).status, 134);
  await write({ LimitLoadToSessionType: ['Aqua', 'Background'] });
  t.is((await ctl('bootstrap', 'user/501', path)).status, 0);
});

onLinux('a disabled label stays disabled until it is enabled', async (t) => {
  const { load, ctl } = await createBench(t);
  t.is((await ctl('disable', TARGET)).status, 0);
  t.is((await load()).status, 5);
  t.is((await ctl('print-disabled', 'gui/501')).stdout, `disabled services = {\n\t\t"${LABEL}" => disabled\n\t}\n`);
  t.is((await ctl('enable', TARGET)).status, 0);
  t.is((await load()).status, 0);
});

onLinux('bootout of a missing job, and of a job without a process', async (t) => {
  const bench = await createBench(t);
  t.like(await bench.ctl('bootout', TARGET), { status: 3, stderr: 'Boot-out failed: 3: No such process\n' });
  await bench.load({ Sockets: socketsOf(bench) });
  t.is((await bench.ctl('bootout', TARGET)).status, 0);
  t.is((await bench.ctl('print', TARGET)).status, 113);
  t.true(statSync(bench.socketPath).isSocket());
  await t.throwsAsync(bench.connect(), { code: 'ECONNREFUSED' });
  t.deepEqual(
    bench.launchd.events.map(({ event }) => event),
    ['bootstrapped', 'removed'],
  );
});

onLinux('bootout returns at once, and the label stays taken for a while after the exit of the process', async (t) => {
  const { promise: drain, resolve: endDrain } = Promise.withResolvers<void>();
  const bench = await createBench(t, { drain });
  // 0 means no limit.
  await bench.load({ ProgramArguments: DEAF, RunAtLoad: true, ExitTimeOut: 0, Sockets: socketsOf(bench) });
  await until(isUp(bench));
  t.like(await bench.ctl('bootout', TARGET), {
    status: 36,
    stderr: 'Boot-out failed: 36: Operation now in progress\n',
  });
  await t.throwsAsync(bench.connect(), { code: 'ECONNREFUSED' });
  t.is((await bench.printed()).state, 'SIGTERMed');
  t.is((await bench.ctl('bootout', TARGET)).status, 37);
  t.is((await bench.load()).status, 5);
  await bench.ctl('kill', 'SIGKILL', TARGET);
  await bench.launchd.reached('exited', 1);
  t.like(await bench.printed(), { state: 'SIGTERMed', pid: undefined });
  t.is((await bench.load()).status, 5);
  endDrain();
  await bench.launchd.reached('removed', 1);
  t.is((await bench.ctl('print', TARGET)).status, 113);
  t.is((await bench.load()).status, 0);
});

onLinux('a process that ignores the bootout of its job is killed', async (t) => {
  const bench = await createBench(t);
  await bench.load({ ProgramArguments: DEAF, RunAtLoad: true, ExitTimeOut: 1 });
  await until(isUp(bench));
  t.is((await bench.ctl('bootout', TARGET)).status, 36);
  t.is((await bench.launchd.reached('exited', 1)).status, 'SIGKILL');
});

onLinux('kickstart starts a job, leaves a running one alone, and with -p prints the process id', async (t) => {
  const bench = await createBench(t);
  t.is((await bench.ctl('kickstart', TARGET)).status, 113);
  await bench.load({ ProgramArguments: STAY });
  t.is((await bench.ctl('kickstart', TARGET)).status, 0);
  const { pid } = await bench.launchd.reached('spawned', 1);
  t.deepEqual(await bench.ctl('kickstart', '-p', TARGET), { status: 0, stdout: `${pid}\n`, stderr: '' });
  t.is(bench.launchd.all('spawned').length, 1);
});

onLinux('kickstart -k ends the process, with SIGKILL if necessary, and starts another', async (t) => {
  const bench = await createBench(t);
  await bench.load({ ProgramArguments: DEAF, RunAtLoad: true, ExitTimeOut: 1, ThrottleInterval: 1 });
  await until(isUp(bench));
  const { stdout } = await bench.ctl('kickstart', '-kp', TARGET);
  t.is((await bench.launchd.reached('exited', 1)).status, 'SIGKILL');
  const [first, second] = bench.launchd.all('spawned');
  t.not(first?.pid, second?.pid);
  t.is(stdout, `${second?.pid}\n`);
});

onLinux('kickstart respects the throttle interval', async (t) => {
  const bench = await createBench(t);
  await bench.load({ RunAtLoad: true, ThrottleInterval: 5 });
  await bench.launchd.reached('exited', 1);
  t.is((await bench.ctl('kickstart', TARGET)).status, 0);
  t.is((await bench.printed()).state, 'spawn scheduled');
  await bench.launchd.reached('spawned', 2);
});

onLinux('kill sends a signal, by name or number, to the process only', async (t) => {
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

onLinux('print has lines about the job with one tab, and deeper lines with the same words', async (t) => {
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

onLinux('an unknown subcommand and another program fail', async (t) => {
  const { ctl, launchd } = await createBench(t, { domains: ['user/501'] });
  t.is((await ctl('print', 'user/501')).status, 0);
  t.is((await ctl('print', 'gui/501')).status, 112);
  t.is((await ctl('list')).status, 64);
  t.is((await launchd.run(['/bin/systemctl', 'list'])).status, 127);
  t.deepEqual(launchd.commands.at(-1), ['/bin/launchctl', 'list']);
  t.is(launchd.commands.length, 3);
});

onLinux('close ends all processes and jobs', async (t) => {
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
  // A process that outlives the first one holds the socket too.
  while (await family.connect().catch(() => undefined)) t.true(statSync(family.socketPath).isSocket());
});
