/** systemd as a supervisor: what is asked of it, and what its states mean; with it itself: test/conformance. */
import test from 'ava';
import type { JobStatus } from '../../job/supervisor.ts';
import { createSystemd } from '../../systemd/supervisor.ts';
import { jobWith, LABEL } from '../helpers/jobs.ts';
import { type Answer, inTurn, scriptedRun } from '../helpers/scripted-run.ts';

type Properties = Readonly<Record<string, string>>;

const [SOCKET, CONTROL, SERVICE] = [`${LABEL}.socket`, `${LABEL}-control.socket`, `${LABEL}.service`];
const UNITS = `${SERVICE} ${SOCKET} ${CONTROL}`;
const FOLDER = '/home/ann/.config/systemd/user';

const listening: Properties = { LoadState: 'loaded', ActiveState: 'active', SubState: 'listening', Result: 'success' };
const resting: Properties = {
  LoadState: 'loaded',
  ActiveState: 'inactive',
  SubState: 'dead',
  Result: 'success',
  MainPID: '0',
  ExecMainStatus: '0',
  ExecMainCode: '0',
  ExecMainExitTimestampMonotonic: '0',
};
const missing: Properties = { LoadState: 'not-found', ActiveState: 'inactive' };

/** Of a unit without a file, which systemd goes on holding. */
const removed = (held: Properties): Properties => ({ ...held, LoadState: 'not-found' });

/** Each unit by its name. */
type Shown = Readonly<Record<string, Properties>>;

function shown(agent: Properties, control: Properties, service: Properties): Shown {
  return { [SOCKET]: agent, [CONTROL]: control, [SERVICE]: service };
}

/** Of the units that are asked for, in that order. */
function answer(command: string, units: Shown): Answer {
  const asked = command.split(' ').filter((name) => name in units);
  const lines = (name: string): string[] => Object.entries({ Id: name, ...units[name] }).map((pair) => pair.join('='));
  return { stdout: asked.map((name) => `${lines(name).join('\n')}\n`).join('\n') };
}

const healthy = (service: Properties): Shown => shown(listening, listening, { ...resting, ...service });

/** @param show what it says of the units, each time it is asked. */
function systemdWith(show: () => Shown) {
  const { run, commands } = scriptedRun((command) => (command.startsWith('--user show') ? answer(command, show()) : 0));
  const supervisor = createSystemd({ run, home: '/home/ann', uid: 1000, env: {} });
  const changes = (): string[] =>
    commands.map((command) => command.replace('--user ', '')).filter((command) => !command.startsWith('show'));
  return { supervisor, changes };
}

const exited = { ExecMainCode: '1', ExecMainExitTimestampMonotonic: '5' };

const STATES: readonly [what: string, show: Shown, status: Partial<JobStatus>][] = [
  ['nothing is known of it', shown(missing, missing, missing), { state: 'not-installed', listening: false }],
  ['it has never run', healthy({}), { state: 'idle', listening: true }],
  ['it has left', healthy({ ...exited }), { state: 'idle', listening: true, lastExit: 0 }],
  ['it runs', healthy({ ActiveState: 'active', MainPID: '7' }), { state: 'running', listening: true, pid: 7 }],
  ['it reads its configuration', healthy({ ActiveState: 'reloading', MainPID: '7' }), { state: 'running', pid: 7 }],
  ['it starts', healthy({ ActiveState: 'activating', MainPID: '7' }), { state: 'starting', listening: true, pid: 7 }],
  [
    'it leaves',
    healthy({ ActiveState: 'deactivating', SubState: 'stop-sigterm', MainPID: '7' }),
    { state: 'stopping', pid: 7 },
  ],
  [
    'it has failed a moment ago',
    healthy({
      ...exited,
      ActiveState: 'deactivating',
      SubState: 'stop-post',
      Result: 'exit-code',
      ExecMainStatus: '70',
    }),
    { state: 'throttled', lastExit: 70, listening: true },
  ],
  [
    'it has failed',
    healthy({ ...exited, ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '70' }),
    {
      state: 'failed',
      lastExit: 70,
      listening: true,
      detail: 'the last process ended with an error (exit-code, 70); the next connection starts one',
    },
  ],
  [
    'it was killed',
    healthy({ ...exited, ExecMainCode: '2', ActiveState: 'failed', Result: 'signal', ExecMainStatus: '9' }),
    { state: 'failed', lastExit: 'signal 9' },
  ],
  [
    'it hung',
    healthy({ ...exited, ExecMainCode: '2', ActiveState: 'failed', Result: 'watchdog', ExecMainStatus: '6' }),
    { state: 'failed', lastExit: 'signal 6' },
  ],
  [
    'its socket has failed',
    shown({ ...listening, ActiveState: 'failed', Result: 'service-start-limit-hit' }, listening, resting),
    { state: 'failed', listening: false, detail: `${SOCKET}: service-start-limit-hit` },
  ],
  [
    'its control socket has failed',
    shown(listening, { ...listening, ActiveState: 'failed', Result: 'resources' }, resting),
    { state: 'failed', listening: false, detail: `${CONTROL}: resources` },
  ],
  [
    'its socket is not started',
    shown({ ...listening, ActiveState: 'inactive' }, listening, resting),
    { state: 'disabled', listening: false, detail: `${SOCKET} is not started` },
  ],
  [
    'its socket is masked',
    shown({ LoadState: 'masked', ActiveState: 'inactive' }, listening, resting),
    { state: 'disabled', listening: false, detail: `${SOCKET} is masked` },
  ],
  [
    'its control socket is not started',
    shown(listening, { ...listening, ActiveState: 'inactive' }, resting),
    { state: 'disabled', listening: false, detail: `${CONTROL} is not started` },
  ],
  [
    'its control socket is masked, and held all the same',
    shown(listening, { ...listening, LoadState: 'masked' }, resting),
    { state: 'disabled', listening: true, detail: `${CONTROL} is masked` },
  ],
  [
    'its files are gone, and it is held all the same',
    shown(removed(listening), removed(listening), { ...removed(resting), ActiveState: 'active', MainPID: '7' }),
    { state: 'running', listening: true, pid: 7 },
  ],
  [
    'its files are gone, and of its units the process alone is left',
    shown(missing, missing, { ...removed(resting), ActiveState: 'active', MainPID: '7' }),
    { state: 'disabled', listening: false, pid: 7 },
  ],
  [
    'nothing is known of it but that it failed once',
    shown(missing, missing, { ...missing, ActiveState: 'failed' }),
    { state: 'not-installed', listening: false },
  ],
  [
    'its state is new',
    healthy({ ActiveState: 'dreaming' }),
    { state: 'unknown', detail: 'systemd calls it "dreaming"' },
  ],
];

for (const [what, show, status] of STATES) {
  test(`status: ${what}`, async (t) => {
    const { supervisor, changes } = systemdWith(() => show);
    t.like(await supervisor.status(LABEL), status);
    t.deepEqual(changes(), []);
  });
}

test('who has no session gets to know it from whatever is asked', async (t) => {
  const { run } = scriptedRun(() => ({ status: 1, stderr: 'Failed to connect to bus: No medium found\n' }));
  const supervisor = createSystemd({ run, home: '/home/ann', uid: 1000, env: {} });
  const asked = [
    supervisor.check(),
    supervisor.status(LABEL),
    supervisor.load(jobWith(), ['/a']),
    supervisor.unload(LABEL),
    supervisor.forget(LABEL),
    supervisor.dismiss(LABEL),
  ];
  for (const question of asked) await t.throwsAsync(question, { code: 'ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE' });
});

test('units are where systemd looks for them', (t) => {
  const of = (env: Record<string, string>) =>
    createSystemd({ run: scriptedRun(() => 0).run, home: '/home/ann', uid: 1000, env });
  t.deepEqual(
    of({}).pathsOf(LABEL),
    [SERVICE, SOCKET, CONTROL].map((name) => `${FOLDER}/${name}`),
  );
  t.is(of({ XDG_CONFIG_HOME: '/c' }).pathsOf(LABEL)[0], `/c/systemd/user/${SERVICE}`);
  t.is(of({ XDG_CONFIG_HOME: 'c' }).pathsOf(LABEL)[0], `${FOLDER}/${SERVICE}`);
  t.deepEqual(
    of({})
      .filesOf(jobWith())
      .map(({ path, mode }) => [path, mode]),
    [SOCKET, CONTROL, SERVICE].map((name) => [`${FOLDER}/${name}`, 0o644]),
  );
});

test('what would be run is what is run', async (t) => {
  const job = jobWith();
  const inactive = { ...listening, ActiveState: 'inactive' };
  for (const [changed, show] of [
    [[`${FOLDER}/${SERVICE}`], healthy({})],
    [[`${FOLDER}/${SOCKET}`, `${FOLDER}/${SERVICE}`], healthy({})],
    [[SOCKET, CONTROL, SERVICE].map((name) => `${FOLDER}/${name}`), shown(inactive, inactive, resting)],
    [[], healthy({})],
  ] as const) {
    const { supervisor, changes } = systemdWith(() => show);
    await supervisor.load(job, changed);
    t.deepEqual(
      changes(),
      supervisor.loading(job, changed).map(([, , ...args]) => args.join(' ')),
    );
  }
});

test('sockets that do not listen are started, though nothing has changed', async (t) => {
  const { supervisor, changes } = systemdWith(() => shown({ ...listening, ActiveState: 'failed' }, listening, resting));
  await supervisor.load(jobWith(), []);
  t.deepEqual(changes(), [`stop ${UNITS}`, `reset-failed ${UNITS}`, `enable --now ${SOCKET} ${CONTROL}`]);
});

test('to unload ends the sockets before the service, and waits for both', async (t) => {
  const stopping = healthy({ ActiveState: 'deactivating' });
  const dead = { ...listening, ActiveState: 'inactive' };
  const { supervisor, changes } = systemdWith(inTurn(healthy({}), stopping, stopping, shown(dead, dead, resting)));
  await supervisor.unload(LABEL);
  t.deepEqual(changes(), [`disable --now ${SOCKET} ${CONTROL}`, `stop ${UNITS}`]);
});

test('what has no files any more, and is held all the same, is ended', async (t) => {
  const held = shown(removed(listening), removed(listening), { ...resting, ...removed({ ActiveState: 'active' }) });
  const { supervisor, changes } = systemdWith(inTurn(held, shown(missing, missing, missing)));
  await supervisor.unload(LABEL);
  t.deepEqual(changes(), [`disable --now ${SOCKET} ${CONTROL}`, `stop ${UNITS}`]);
});

test('of what is not there, nothing is ended', async (t) => {
  const { supervisor, changes } = systemdWith(() => shown(missing, missing, missing));
  await supervisor.unload(LABEL);
  t.deepEqual(changes(), []);
  t.is(await supervisor.dismiss(LABEL), undefined);
  t.deepEqual(changes(), []);
});

test('a process is told to leave by a signal, of which the sockets do not hear', async (t) => {
  const { supervisor, changes } = systemdWith(() => healthy({ MainPID: '7' }));
  t.is(await supervisor.dismiss(LABEL), 7);
  t.deepEqual(changes(), [`kill --kill-who main --signal SIGTERM ${SERVICE}`]);
});

test('the log is found by who has written it, and under what name', (t) => {
  const { supervisor } = systemdWith(() => ({}));
  const start = 'journalctl --quiet --no-pager --output cat --lines';
  const match = `SYSLOG_IDENTIFIER=${LABEL} _UID=1000`;
  t.is(supervisor.logCommand(LABEL, { lines: 5, follow: false })?.join(' '), `${start} 5 ${match}`);
  t.is(supervisor.logCommand(LABEL, { lines: 0, follow: true })?.join(' '), `${start} 0 --follow ${match}`);
});
