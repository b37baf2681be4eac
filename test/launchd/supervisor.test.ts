/** launchd as a supervisor, on the launchd double; scripted answers cover the states that the double lacks. */
import { existsSync, linkSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import anyTest, { type ExecutionContext } from 'ava';
import type { Job } from '../../job/job.ts';
import type { JobStatus, Supervisor } from '../../job/supervisor.ts';
import { createLaunchd } from '../../launchd/supervisor.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { notRunning, RUNNING } from '../fixtures/launchd/prints.ts';
import { isAlive } from '../helpers/activator.ts';
import { jobWith, LABEL } from '../helpers/jobs.ts';
import { shell, until } from '../helpers/launchd/bench.ts';
import { createLaunchdDouble, type LaunchdDouble, type LaunchdDoubleOptions } from '../helpers/launchd/double.ts';
import { declareWith } from '../helpers/not-tested.ts';
import { type Answer, scriptedRun } from '../helpers/scripted-run.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const test = declareWith(anyTest);

/** Unlike on macOS, a job of the double has its sockets before its check-in; this one closes them. */
const STAY = shell('exec 3<&- 4<&-; while :; do sleep 0.02; done') as [string, ...string[]];
/** Exits after SIGTERM and once a file `go` exists, like an agent with open requests. */
const SLOW = shell(
  'exec 3<&- 4<&-; trap "while ! test -e go; do sleep 0.02; done; exit" TERM; touch up; while :; do sleep 0.02; done',
) as [string, ...string[]];

const HOME = '/Users/ann';

type Fixture = {
  launchd: LaunchdDouble;
  supervisor: Supervisor;
  job: Job;
  /** The path of the plist. */
  path: string;
  folder: string;
  /** The commands that change something, without the program. */
  changes(): string[];
  /** Writes the plist, as an installation does before it loads the job. */
  write(changes?: Partial<Job>): Job;
};

async function setUp(t: ExecutionContext, options: Partial<LaunchdDoubleOptions> = {}): Promise<Fixture> {
  const folder = await tempDir(t);
  const sockets = { agent: join(folder, 'agent.sock'), control: join(folder, 'control.sock') };
  const launchd = createLaunchdDouble(t, { home: folder, ...options });
  const supervisor = createLaunchd({
    run: launchd.run,
    home: folder,
    uid: 501,
    socketsOf: () => Object.values(sockets),
  });
  const job = jobWith({ command: STAY, sockets, workingDirectory: folder });
  const [path] = supervisor.pathsOf(LABEL) as [string];
  return {
    launchd,
    supervisor,
    job,
    path,
    folder,
    changes: () => launchd.commands.map(([, ...args]) => args.join(' ')).filter((line) => !line.startsWith('print')),
    write(changes = {}) {
      const changed = { ...job, ...changes };
      for (const file of supervisor.filesOf(changed)) {
        mkdirSync(dirname(file.path), { recursive: true });
        writeFileSync(file.path, file.text, { mode: file.mode });
      }
      return changed;
    },
  };
}

function connectTo({ job }: Fixture): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(job.sockets.agent, () => resolve());
    socket.on('error', reject);
    socket.unref();
  });
}

test('a job is loaded from its plist, listens, and starts on the first connection', async (t) => {
  const fixture = await setUp(t);
  const { supervisor, job, path, write, changes, launchd } = fixture;
  t.deepEqual(await supervisor.status(LABEL), { state: 'not-installed', listening: false });
  write();
  await supervisor.load(job, [path]);
  t.deepEqual(changes(), [`enable gui/501/${LABEL}`, `bootstrap gui/501 ${path}`]);
  t.deepEqual(await supervisor.status(LABEL), { state: 'idle', listening: true });
  t.is(statSync(job.sockets.agent).mode & 0o777, 0o600);
  await connectTo(fixture);
  const { pid } = await launchd.reached('spawned', 1);
  t.deepEqual(await supervisor.status(LABEL), { state: 'running', listening: true, pid });
});

test('loading() lists the commands that load() runs', async (t) => {
  const { supervisor, job, path, write, changes } = await setUp(t);
  write();
  await supervisor.load(job, [path]);
  await supervisor.load(write({ stopSeconds: 20 }), [path]);
  const listed = supervisor.loading(job, [path]).map(([, ...args]) => args.join(' '));
  t.deepEqual(changes().slice(-3), listed);
  t.deepEqual(supervisor.loading(job, []), []);
});

test('loading a loaded job and unloading a missing job do nothing', async (t) => {
  const { supervisor, job, path, write, changes } = await setUp(t);
  await supervisor.unload(LABEL);
  t.deepEqual(changes(), []);
  write();
  await supervisor.load(job, [path]);
  const before = changes();
  await supervisor.load(job, []);
  t.deepEqual(changes(), before);
  await supervisor.unload(LABEL);
  await supervisor.unload(LABEL);
  await supervisor.forget(LABEL);
  t.deepEqual(changes(), [...before, `bootout gui/501/${LABEL}`]);
});

test('unload waits for the process and leaves no socket behind', async (t) => {
  const fixture = await setUp(t, { drain: 300 });
  const { supervisor, job, launchd } = fixture;
  const pid = await startSlow(fixture);
  await whileProcessStays(t, fixture, () => supervisor.unload(LABEL));
  t.is(launchd.all('removed').length, 1);
  t.false(isAlive(pid));
  t.deepEqual([job.sockets.agent, job.sockets.control].filter(existsSync), []);
});

test('a changed job is loaded after the previous one is removed', async (t) => {
  const fixture = await setUp(t, { drain: 300 });
  const { supervisor, path, write, launchd } = fixture;
  const pid = await startSlow(fixture);
  await whileProcessStays(t, fixture, () => supervisor.load(write(), [path]));
  t.deepEqual(
    launchd.events.map(({ event }) => event),
    ['bootstrapped', 'spawned', 'exited', 'removed', 'bootstrapped'],
  );
  t.false(isAlive(pid));
  t.deepEqual(await supervisor.status(LABEL), { state: 'idle', listening: true });
  await t.notThrowsAsync(connectTo(fixture));
});

for (const changed of [true, false]) {
  test(`a label that another process is removing is loaded once it is free, ${changed ? '' : 'not '}changed`, async (t) => {
    const fixture = await setUp(t, { drain: 300 });
    const { supervisor, job, path, write, launchd } = fixture;
    await startSlow(fixture);
    t.is((await launchd.run(['/bin/launchctl', 'bootout', `gui/501/${LABEL}`])).status, 36);
    t.like(await supervisor.status(LABEL), { state: 'stopping', listening: false });
    await whileProcessStays(t, fixture, () => supervisor.load(changed ? write() : job, changed ? [path] : []));
    t.is(launchd.all('bootstrapped').length, 2);
    t.deepEqual(await supervisor.status(LABEL), { state: 'idle', listening: true });
    await t.notThrowsAsync(connectTo(fixture));
  });
}

/** Returns the process id. */
async function startSlow(fixture: Fixture): Promise<number> {
  const { supervisor, path, write, launchd, folder } = fixture;
  await supervisor.load(write({ command: SLOW }), [path]);
  await connectTo(fixture);
  const { pid } = await launchd.reached('spawned', 1);
  await until(() => existsSync(join(folder, 'up')));
  return pid;
}

/** Lets the process exit after a few checks of the action; before that, the action must not be complete. */
async function whileProcessStays(t: ExecutionContext, fixture: Fixture, action: () => Promise<void>): Promise<void> {
  const { launchd, folder } = fixture;
  const first = launchd.commands.length;
  let isComplete = false;
  const done = action().finally(() => {
    isComplete = true;
  });
  const checks = (): number => launchd.commands.slice(first).filter(([, verb]) => verb === 'print').length;
  await Promise.race([until(() => isComplete || checks() > 5), done]);
  t.false(isComplete);
  writeFileSync(join(folder, 'go'), '');
  await done;
}

test('a job goes to the domain of the login window, else of the user, else to none', async (t) => {
  const both = await setUp(t);
  both.write();
  await both.supervisor.check();
  await both.supervisor.load(both.job, [both.path]);
  t.is(both.changes().at(-1), `bootstrap gui/501 ${both.path}`);

  const bySsh = await setUp(t, { domains: ['user/501'] });
  bySsh.write();
  await bySsh.supervisor.check();
  await bySsh.supervisor.load(bySsh.job, [bySsh.path]);
  t.is(bySsh.changes().at(-1), `bootstrap user/501 ${bySsh.path}`);
  t.like(await bySsh.supervisor.status(LABEL), { state: 'idle' });
  await bySsh.supervisor.unload(LABEL);
  t.is(bySsh.changes().at(-1), `bootout user/501/${LABEL}`);

  const nowhere = await setUp(t, { domains: [] });
  nowhere.write();
  const code = 'ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE';
  await t.throwsAsync(nowhere.supervisor.check(), { code });
  await t.throwsAsync(nowhere.supervisor.load(nowhere.job, [nowhere.path]), { code });
  t.deepEqual(nowhere.changes(), []);
});

const jobIn = async ({ launchd }: Fixture, domain: string): Promise<boolean> =>
  (await launchd.run(['/bin/launchctl', 'print', `${domain}/${LABEL}`])).status === 0;

/** A job that was loaded over ssh, and once more by the login at the screen that followed. */
async function loadedTwice(t: ExecutionContext): Promise<Fixture> {
  const fixture = await setUp(t, { domains: ['user/501'] });
  const { supervisor, job, path, write, launchd } = fixture;
  write();
  await supervisor.load(job, [path]);
  t.like(await supervisor.misplacement?.(LABEL), { id: 'not-after-restart' });
  await launchd.logIn();
  t.deepEqual([await jobIn(fixture, 'gui/501'), await jobIn(fixture, 'user/501')], [true, true]);
  return fixture;
}

test('a label that is loaded in two domains is found, and unloaded from both', async (t) => {
  const fixture = await loadedTwice(t);
  const { supervisor, job } = fixture;
  const misplacement = await supervisor.misplacement?.(LABEL);
  t.is(misplacement?.id, 'loaded-twice');
  t.regex(misplacement?.message ?? '', /gui\/501.*user\/501/);
  await supervisor.unload(LABEL);
  t.deepEqual([await jobIn(fixture, 'gui/501'), await jobIn(fixture, 'user/501')], [false, false]);
  t.deepEqual([job.sockets.agent, job.sockets.control].filter(existsSync), []);
});

test('loading a label that is loaded in two domains leaves it in the one of the login window', async (t) => {
  const fixture = await loadedTwice(t);
  const { supervisor, job } = fixture;
  await supervisor.load(job, []);
  t.deepEqual([await jobIn(fixture, 'gui/501'), await jobIn(fixture, 'user/501')], [true, false]);
  t.is(await supervisor.misplacement?.(LABEL), undefined);
  await t.notThrowsAsync(connectTo(fixture));
});

test('dismiss asks the processes of both domains', async (t) => {
  const fixture = await loadedTwice(t);
  const { supervisor, launchd } = fixture;
  for (const domain of ['gui/501', 'user/501']) {
    await launchd.run(['/bin/launchctl', 'kickstart', `${domain}/${LABEL}`]);
  }
  await launchd.reached('spawned', 2);
  const [first] = launchd.all('spawned');
  t.is(await supervisor.dismiss(LABEL), first?.pid);
  await launchd.reached('exited', 2);
  t.pass();
});

test('a job in the domain of the user moves to that of the login window once there is one', async (t) => {
  const fixture = await setUp(t, { domains: ['user/501'] });
  const { supervisor, job, path, write, launchd } = fixture;
  write();
  await supervisor.load(job, [path]);
  // A login that does not load it, as with Login Items switched off at that time.
  renameSync(path, `${path}.away`);
  await launchd.logIn();
  renameSync(`${path}.away`, path);
  t.like(await supervisor.misplacement?.(LABEL), { id: 'wrong-domain' });
  await supervisor.load(job, []);
  t.deepEqual([await jobIn(fixture, 'gui/501'), await jobIn(fixture, 'user/501')], [true, false]);
  t.is(await supervisor.misplacement?.(LABEL), undefined);
});

test('after a restart, a login at the screen loads the job, and a login by ssh does not', async (t) => {
  const fixture = await setUp(t, { domains: ['user/501'] });
  const { supervisor, job, path, write, launchd } = fixture;
  write();
  await supervisor.load(job, [path]);
  await launchd.restart(['user/501']);
  t.like(await supervisor.status(LABEL), { state: 'blocked', listening: false });
  t.regex((await supervisor.status(LABEL)).detail ?? '', /restart without a login at the screen/);
  await supervisor.load(job, []);
  t.like(await supervisor.status(LABEL), { state: 'idle' });
  await launchd.restart(['gui/501', 'user/501']);
  t.like(await supervisor.status(LABEL), { state: 'idle' });
  t.is(await supervisor.misplacement?.(LABEL), undefined);
});

test('a foreign job in the other domain is left alone', async (t) => {
  const fixture = await setUp(t);
  const { supervisor, job, path, write, launchd, folder } = fixture;
  write();
  const other = join(folder, 'other.plist');
  linkSync(path, other);
  await launchd.run(['/bin/launchctl', 'bootstrap', 'user/501', other]);
  await t.throwsAsync(supervisor.unload(LABEL), { code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED' });
  await launchd.run(['/bin/launchctl', 'bootstrap', 'gui/501', path]);
  t.is(await supervisor.misplacement?.(LABEL), undefined);
  await supervisor.load(job, [path]);
  await supervisor.unload(LABEL);
  t.deepEqual([await jobIn(fixture, 'gui/501'), await jobIn(fixture, 'user/501')], [false, true]);
});

test('a job that cannot move stays where it was', async (t) => {
  const fixture = await setUp(t, { domains: ['user/501'] });
  const { supervisor, job, path, write, launchd } = fixture;
  const run = async (command: readonly [string, ...string[]]): ReturnType<typeof launchd.run> => {
    if (command[1] === 'print' && command[2] === 'gui/501') return { status: 0, stdout: '', stderr: '' };
    if (command[1] === 'bootstrap' && command[2] === 'gui/501') {
      return { status: 125, stdout: '', stderr: 'Bootstrap failed: 125: Domain does not support specified action\n' };
    }
    return launchd.run(command);
  };
  write();
  await supervisor.load(job, [path]);
  const moving = createLaunchd({ run, home: fixture.folder, uid: 501, socketsOf: () => Object.values(job.sockets) });
  await t.throwsAsync(moving.load(job, []), { code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED', message: /125/ });
  t.true(await jobIn(fixture, 'user/501'));
  await t.notThrowsAsync(connectTo(fixture));
});

test('a question about the domain without an answer moves nothing', async (t) => {
  const fixture = await setUp(t);
  const { supervisor, job, path, write, launchd } = fixture;
  write();
  await supervisor.load(job, [path]);
  const run: typeof launchd.run = async (command) =>
    command[1] === 'print' && command[2] === 'gui/501' ? { status: -1, stdout: '', stderr: '' } : launchd.run(command);
  const asked = createLaunchd({ run, home: fixture.folder, uid: 501, socketsOf: () => Object.values(job.sockets) });
  await asked.load(job, []);
  t.deepEqual([await jobIn(fixture, 'gui/501'), await jobIn(fixture, 'user/501')], [true, false]);
});

test('another job with the label is named and never changed', async (t) => {
  const { supervisor, job, path, write, changes, launchd, folder } = await setUp(t);
  write();
  const other = join(folder, 'other.plist');
  renameSync(path, other);
  await launchd.run(['/bin/launchctl', 'bootstrap', 'gui/501', other]);
  write();
  const before = changes();
  for (const call of [
    () => supervisor.load(job, []),
    () => supervisor.load(job, [path]),
    () => supervisor.unload(LABEL),
    () => supervisor.dismiss(LABEL),
  ]) {
    const error = await t.throwsAsync<LaunchpoolError>(call(), { code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED' });
    t.is(error.message, `another job has this label: ${other}`);
    t.regex(error.hint ?? '', new RegExp(`bootout gui/501/${LABEL}`));
  }
  t.deepEqual(changes(), before);
  t.true(existsSync(job.sockets.agent));
});

test('loading enables a disabled label', async (t) => {
  const { supervisor, job, path, write, launchd } = await setUp(t);
  launchd.setDisabled(LABEL, true);
  write();
  t.like(await supervisor.status(LABEL), { state: 'disabled', listening: false });
  await supervisor.load(job, [path]);
  t.like(await supervisor.status(LABEL), { state: 'idle', listening: true });
});

test('a plist that is not loaded, with its label enabled, is blocked', async (t) => {
  const { supervisor, write } = await setUp(t);
  write();
  const { state, listening, detail } = await supervisor.status(LABEL);
  t.deepEqual([state, listening], ['blocked', false]);
  t.regex(detail ?? '', /Login Items/);
});

test('unload removes a dead socket and keeps other files', async (t) => {
  const { supervisor, job, path, write, folder } = await setUp(t);
  // Node removes the path that it has bound when it closes; the link stays.
  const server = createServer().listen(join(folder, 'bound'));
  await new Promise((resolve) => server.once('listening', resolve));
  linkSync(join(folder, 'bound'), job.sockets.agent);
  await new Promise((resolve) => server.close(resolve));
  writeFileSync(job.sockets.control, 'mine');
  await supervisor.unload(LABEL);
  t.deepEqual([existsSync(job.sockets.agent), existsSync(job.sockets.control)], [false, true]);
  rmSync(job.sockets.control);
  write();
  await supervisor.load(job, [path]);
  t.true(statSync(job.sockets.agent).isSocket());
});

test('a socket that launchd cannot bind is an error that names it', async (t) => {
  const { supervisor, job, path, write, folder } = await setUp(t);
  const agent = join(folder, 'missing', 'agent.sock');
  const changed = write({ sockets: { ...job.sockets, agent } });
  const error = await t.throwsAsync<LaunchpoolError>(supervisor.load(changed, [path]), {
    code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED',
  });
  t.is(error.message, `launchd has not created the socket ${agent}`);
  t.regex(error.hint ?? '', /folder/);
});

test('a plist that launchd refuses is an error with the message of launchctl', async (t) => {
  const { run, commands } = scriptedRun((command) => {
    if (command === `print gui/501/${LABEL}` || command === `print user/501/${LABEL}`) return 113;
    if (!command.startsWith('bootstrap')) return 0;
    return { status: 109, stderr: 'Bootstrap failed: 109: Invalid property list\n' };
  });
  const supervisor = createLaunchd({ run, home: HOME, uid: 501, socketsOf: () => [] });
  const [path] = supervisor.pathsOf(LABEL) as [string];
  const error = await t.throwsAsync<LaunchpoolError>(supervisor.load(jobWith(), [path]));
  t.regex(error.message, /Invalid property list$/);
  t.is(commands.filter((command) => command.startsWith('bootstrap')).length, 1);
  // launchd keeps no log of an agent's output.
  t.is(supervisor.logCommand(LABEL, { lines: 1, follow: false }), undefined);
});

test('dismiss ends the process and keeps the job', async (t) => {
  const fixture = await setUp(t);
  const { supervisor, job, path, write, launchd } = fixture;
  write();
  t.is(await supervisor.dismiss(LABEL), undefined);
  await supervisor.load(job, [path]);
  t.is(await supervisor.dismiss(LABEL), undefined);
  await connectTo(fixture);
  const { pid } = await launchd.reached('spawned', 1);
  t.is(await supervisor.dismiss(LABEL), pid);
  t.is((await launchd.reached('exited', 1)).pid, pid);
  t.is(launchd.all('removed').length, 0);
});

const ended = (code: string, state?: string): string => notRunning(`last exit code = ${code}`, state);

const STATES: readonly [what: string, print: Answer | string, status: Partial<JobStatus>][] = [
  ['running', RUNNING, { state: 'running', listening: true, pid: 64011, lastExit: 0 }],
  ['being started', ended('0', 'spawning'), { state: 'starting', listening: true }],
  ['about to execute the program', ended('0', 'xpcproxy'), { state: 'starting', listening: true }],
  ['ended too soon', ended('1', 'spawn scheduled'), { state: 'throttled', listening: true, lastExit: 1 }],
  ['after SIGTERM', ended('0', 'SIGTERMed'), { state: 'stopping', listening: false }],
  ['after SIGKILL', ended('0', 'SIGKILLed'), { state: 'stopping', listening: false }],
  ['alive after SIGKILL', ended('0', 'languishing'), { state: 'stopping', listening: false }],
  ['idle', ended('0'), { state: 'idle', listening: true, lastExit: 0 }],
  ['exited', ended('0', 'exited'), { state: 'idle', listening: true, lastExit: 0 }],
  ['never started', ended('(never exited)'), { state: 'idle', listening: true }],
  ['failed', ended('78: EX_CONFIG'), { state: 'failed', listening: true, lastExit: 78 }],
  ['killed', notRunning('last terminating signal = Killed: 9'), { state: 'failed', lastExit: 'signal 9' }],
  [
    'ended by SIGTERM',
    notRunning('last terminating signal = Terminated: 15'),
    { state: 'idle', lastExit: 'signal 15' },
  ],
  ['unknown state', ended('0', 'dreaming'), { state: 'unknown', detail: 'unknown state of launchd: "dreaming"' }],
  [
    'another job has the label',
    RUNNING.replace(/path = .*/, 'path = /other.plist'),
    { state: 'failed', listening: false, heldBy: '/other.plist', detail: 'another job has this label: /other.plist' },
  ],
];

for (const [what, print, status] of STATES) {
  test(`status: ${what}`, async (t) => {
    const { run, commands } = scriptedRun(() => (typeof print === 'string' ? { stdout: print } : print));
    const supervisor = createLaunchd({ run, home: HOME, uid: 501, socketsOf: () => [] });
    t.like(await supervisor.status(LABEL), status);
    t.deepEqual(commands, [`print gui/501/${LABEL}`]);
  });
}

test('status: launchctl gives no answer', async (t) => {
  const { run } = scriptedRun(() => ({ status: 127, stderr: 'not found' }));
  const supervisor = createLaunchd({ run, home: HOME, uid: 501, socketsOf: () => [] });
  await t.throwsAsync(supervisor.status(LABEL), { code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED' });
});
