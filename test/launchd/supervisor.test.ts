/** launchd as a supervisor: jobs of the double that stands in for it, and states that it does not have, from a script. */
import { existsSync, linkSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import type { Job } from '../../job/job.ts';
import type { JobStatus, Supervisor } from '../../job/supervisor.ts';
import { createLaunchd } from '../../launchd/supervisor.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { notRunning, RUNNING } from '../fixtures/launchd/prints.ts';
import { isAlive } from '../helpers/activator.ts';
import { jobWith, LABEL } from '../helpers/jobs.ts';
import { shell, until } from '../helpers/launchd/bench.ts';
import { createLaunchdDouble, type LaunchdDouble, type LaunchdDoubleOptions } from '../helpers/launchd/double.ts';
import { type Answer, scriptedRun } from '../helpers/scripted-run.ts';
import { tempDir } from '../helpers/temp-dir.ts';

const test: TestFn = process.platform === 'linux' ? anyTest : (anyTest.skip as TestFn);

/** Unlike a job on a Mac, one here has its sockets before it checks in, and gives up these. */
const STAY = shell('exec 3<&- 4<&-; while :; do sleep 0.02; done') as [string, ...string[]];
/** Leaves when it is told to and there is a file `go`, as an agent does that has requests to finish. */
const SLOW = shell(
  'exec 3<&- 4<&-; trap "while ! test -e go; do sleep 0.02; done; exit" TERM; touch up; while :; do sleep 0.02; done',
) as [string, ...string[]];

const HOME = '/Users/ann';

type Ground = {
  launchd: LaunchdDouble;
  supervisor: Supervisor;
  job: Job;
  /** Of its plist. */
  path: string;
  folder: string;
  /** What was run to change something, without the program. */
  changes(): string[];
  /** Writes the plist, as installing does before it loads. */
  write(changes?: Partial<Job>): Job;
};

async function lay(t: ExecutionContext, options: Partial<LaunchdDoubleOptions> = {}): Promise<Ground> {
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

function knock({ job }: Ground): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(job.sockets.agent, () => resolve());
    socket.on('error', reject);
    socket.unref();
  });
}

test('a job is loaded from its plist, listens, and starts when somebody knocks', async (t) => {
  const ground = await lay(t);
  const { supervisor, job, path, write, changes, launchd } = ground;
  t.deepEqual(await supervisor.status(LABEL), { state: 'not-installed', listening: false });
  write();
  await supervisor.load(job, [path]);
  t.deepEqual(changes(), [`enable gui/501/${LABEL}`, `bootstrap gui/501 ${path}`]);
  t.deepEqual(await supervisor.status(LABEL), { state: 'idle', listening: true });
  t.is(statSync(job.sockets.agent).mode & 0o777, 0o600);
  await knock(ground);
  const { pid } = await launchd.reached('spawned', 1);
  t.deepEqual(await supervisor.status(LABEL), { state: 'running', listening: true, pid });
});

test('what would be run is what is run', async (t) => {
  const { supervisor, job, path, write, changes } = await lay(t);
  write();
  await supervisor.load(job, [path]);
  await supervisor.load(write({ stopSeconds: 20 }), [path]);
  const received = supervisor.loading(job, [path]).map(([, ...args]) => args.join(' '));
  t.deepEqual(changes().slice(-3), received);
  t.deepEqual(supervisor.loading(job, []), []);
});

test('to load what is loaded, and to unload what is not there, does nothing', async (t) => {
  const { supervisor, job, path, write, changes } = await lay(t);
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

test('to unload waits for the process, however long it takes, and leaves no socket behind', async (t) => {
  const ground = await lay(t, { drainMs: 300 });
  const { supervisor, job, launchd } = ground;
  const pid = await startSlow(ground);
  await whileItStays(t, ground, () => supervisor.unload(LABEL));
  t.is(launchd.all('removed').length, 1);
  t.false(isAlive(pid));
  t.deepEqual([job.sockets.agent, job.sockets.control].filter(existsSync), []);
});

test('a changed job is loaded when the one before it has gone', async (t) => {
  const ground = await lay(t, { drainMs: 300 });
  const { supervisor, path, write, launchd } = ground;
  const pid = await startSlow(ground);
  await whileItStays(t, ground, () => supervisor.load(write(), [path]));
  t.deepEqual(
    launchd.events.map(({ event }) => event),
    ['bootstrapped', 'spawned', 'exited', 'removed', 'bootstrapped'],
  );
  t.false(isAlive(pid));
  t.deepEqual(await supervisor.status(LABEL), { state: 'idle', listening: true });
  await t.notThrowsAsync(knock(ground));
});

for (const changed of [true, false]) {
  test(`a label that somebody else is removing is loaded when it is free, ${changed ? '' : 'not '}changed`, async (t) => {
    const ground = await lay(t, { drainMs: 300 });
    const { supervisor, job, path, write, launchd } = ground;
    await startSlow(ground);
    t.is((await launchd.run(['/bin/launchctl', 'bootout', `gui/501/${LABEL}`])).status, 36);
    t.like(await supervisor.status(LABEL), { state: 'stopping', listening: false });
    await whileItStays(t, ground, () => supervisor.load(changed ? write() : job, changed ? [path] : []));
    t.is(launchd.all('bootstrapped').length, 2);
    t.deepEqual(await supervisor.status(LABEL), { state: 'idle', listening: true });
    await t.notThrowsAsync(knock(ground));
  });
}

/** @returns its process id. */
async function startSlow(ground: Ground): Promise<number> {
  const { supervisor, path, write, launchd, folder } = ground;
  await supervisor.load(write({ command: SLOW }), [path]);
  await knock(ground);
  const { pid } = await launchd.reached('spawned', 1);
  await until(() => existsSync(join(folder, 'up')));
  return pid;
}

/** The process may go when the action has looked a few times whether it has; before, the action must not be over. */
async function whileItStays(t: ExecutionContext, ground: Ground, action: () => Promise<void>): Promise<void> {
  const { launchd, folder } = ground;
  const first = launchd.commands.length;
  let isOver = false;
  const done = action().finally(() => {
    isOver = true;
  });
  const checks = (): number => launchd.commands.slice(first).filter(([, verb]) => verb === 'print').length;
  await Promise.race([until(() => isOver || checks() > 5), done]);
  t.false(isOver);
  writeFileSync(join(folder, 'go'), '');
  await done;
}

test('a job goes to the login window, else to the user, else nowhere', async (t) => {
  const both = await lay(t);
  both.write();
  await both.supervisor.check();
  await both.supervisor.load(both.job, [both.path]);
  t.is(both.changes().at(-1), `bootstrap gui/501 ${both.path}`);

  const bySsh = await lay(t, { domains: ['user/501'] });
  bySsh.write();
  await bySsh.supervisor.check();
  await bySsh.supervisor.load(bySsh.job, [bySsh.path]);
  t.is(bySsh.changes().at(-1), `bootstrap user/501 ${bySsh.path}`);
  t.like(await bySsh.supervisor.status(LABEL), { state: 'idle' });
  await bySsh.supervisor.unload(LABEL);
  t.is(bySsh.changes().at(-1), `bootout user/501/${LABEL}`);

  const nowhere = await lay(t, { domains: [] });
  nowhere.write();
  const code = 'ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE';
  await t.throwsAsync(nowhere.supervisor.check(), { code });
  await t.throwsAsync(nowhere.supervisor.load(nowhere.job, [nowhere.path]), { code });
  t.deepEqual(nowhere.changes(), []);
});

test("somebody else's job of the label is left alone, whatever is asked, and named", async (t) => {
  const { supervisor, job, path, write, changes, launchd, folder } = await lay(t);
  write();
  const other = join(folder, 'other.plist');
  renameSync(path, other);
  await launchd.run(['/bin/launchctl', 'bootstrap', 'gui/501', other]);
  write();
  const before = changes();
  for (const asking of [
    () => supervisor.load(job, []),
    () => supervisor.load(job, [path]),
    () => supervisor.unload(LABEL),
    () => supervisor.dismiss(LABEL),
  ]) {
    const error = await t.throwsAsync<LaunchpoolError>(asking(), { code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED' });
    t.is(error.message, `another job has this label: ${other}`);
    t.regex(error.hint ?? '', new RegExp(`bootout gui/501/${LABEL}`));
  }
  t.deepEqual(changes(), before);
  t.true(existsSync(job.sockets.agent));
});

test('a label that was switched off is switched on when it is loaded', async (t) => {
  const { supervisor, job, path, write, launchd } = await lay(t);
  launchd.setDisabled(LABEL, true);
  write();
  t.like(await supervisor.status(LABEL), { state: 'disabled', listening: false });
  await supervisor.load(job, [path]);
  t.like(await supervisor.status(LABEL), { state: 'idle', listening: true });
});

test('a plist that is not loaded, though nothing is switched off, is blocked', async (t) => {
  const { supervisor, write } = await lay(t);
  write();
  const { state, listening, detail } = await supervisor.status(LABEL);
  t.deepEqual([state, listening], ['blocked', false]);
  t.regex(detail ?? '', /Login Items/);
});

test('the dead socket that a job left behind is gone with it, and what is no socket stays', async (t) => {
  const { supervisor, job, path, write, folder } = await lay(t);
  // Closing removes what Node has bound; under another name it is left.
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

test('a socket that launchd could not make is an error that names it', async (t) => {
  const { supervisor, job, path, write, folder } = await lay(t);
  const agent = join(folder, 'missing', 'agent.sock');
  const changed = write({ sockets: { ...job.sockets, agent } });
  const error = await t.throwsAsync<LaunchpoolError>(supervisor.load(changed, [path]), {
    code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED',
  });
  t.is(error.message, `launchd has made no socket at ${agent}`);
  t.regex(error.hint ?? '', /folder/);
});

test('a plist that launchd does not take is an error with its words', async (t) => {
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
  // What the agent says is in a file, since launchd keeps no log of it.
  t.is(supervisor.logCommand(LABEL, { lines: 1, follow: false }), undefined);
});

test('a process is told to leave, and the job stays', async (t) => {
  const ground = await lay(t);
  const { supervisor, job, path, write, launchd } = ground;
  write();
  t.is(await supervisor.dismiss(LABEL), undefined);
  await supervisor.load(job, [path]);
  t.is(await supervisor.dismiss(LABEL), undefined);
  await knock(ground);
  const { pid } = await launchd.reached('spawned', 1);
  t.is(await supervisor.dismiss(LABEL), pid);
  t.is((await launchd.reached('exited', 1)).pid, pid);
  t.is(launchd.all('removed').length, 0);
});

const ended = (code: string, state?: string): string => notRunning(`last exit code = ${code}`, state);

const STATES: readonly [what: string, print: Answer | string, status: Partial<JobStatus>][] = [
  ['it runs', RUNNING, { state: 'running', listening: true, pid: 64011, lastExit: 0 }],
  ['it is being started', ended('0', 'spawning'), { state: 'starting', listening: true }],
  ['it is about to become the program', ended('0', 'xpcproxy'), { state: 'starting', listening: true }],
  ['it ended too soon', ended('1', 'spawn scheduled'), { state: 'throttled', listening: true, lastExit: 1 }],
  ['it is told to end', ended('0', 'SIGTERMed'), { state: 'stopping', listening: false }],
  ['it is killed', ended('0', 'SIGKILLed'), { state: 'stopping', listening: false }],
  ['it does not die', ended('0', 'languishing'), { state: 'stopping', listening: false }],
  ['it rests', ended('0'), { state: 'idle', listening: true, lastExit: 0 }],
  ['it has left', ended('0', 'exited'), { state: 'idle', listening: true, lastExit: 0 }],
  ['it has never run', ended('(never exited)'), { state: 'idle', listening: true }],
  ['it failed', ended('78: EX_CONFIG'), { state: 'failed', listening: true, lastExit: 78 }],
  ['it was killed', notRunning('last terminating signal = Killed: 9'), { state: 'failed', lastExit: 'signal 9' }],
  ['it left early', notRunning('last terminating signal = Terminated: 15'), { state: 'idle', lastExit: 'signal 15' }],
  ['its state is new', ended('0', 'dreaming'), { state: 'unknown', detail: 'launchd calls it "dreaming"' }],
  [
    'another has its label',
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

test('status: launchctl does not say', async (t) => {
  const { run } = scriptedRun(() => ({ status: 127, stderr: 'not found' }));
  const supervisor = createLaunchd({ run, home: HOME, uid: 501, socketsOf: () => [] });
  await t.throwsAsync(supervisor.status(LABEL), { code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED' });
});
