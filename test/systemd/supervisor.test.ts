/** systemd as a supervisor, with scripted answers: its commands and its states. test/conformance runs a real one. */
import test from 'ava';
import type { JobStatus } from '../../job/supervisor.ts';
import { createSystemd } from '../../systemd/supervisor.ts';
import { jobWith, LABEL } from '../helpers/jobs.ts';
import { type Answer, inTurn, scriptedRun } from '../helpers/scripted-run.ts';
import { LISTENING, RESTING } from '../helpers/systemctl-stub.ts';

type Properties = Readonly<Record<string, string>>;

const [SOCKET, CONTROL, SERVICE] = [`${LABEL}.socket`, `${LABEL}-control.socket`, `${LABEL}.service`];
const UNITS = `${SERVICE} ${SOCKET} ${CONTROL}`;
const FOLDER = '/home/ann/.config/systemd/user';

const listening: Properties = LISTENING;
const resting: Properties = RESTING;
const missing: Properties = { LoadState: 'not-found', ActiveState: 'inactive' };

/** A unit whose file is removed, and which systemd still holds. */
const removed = (held: Properties): Properties => ({ ...held, LoadState: 'not-found' });

/** Units by name. */
type Shown = Readonly<Record<string, Properties>>;

function shown(agent: Properties, control: Properties, service: Properties): Shown {
  return { [SOCKET]: agent, [CONTROL]: control, [SERVICE]: service };
}

/** The answer for the queried units, in their order. */
function answer(command: string, units: Shown): Answer {
  const queried = command.split(' ').filter((name) => name in units);
  const lines = (name: string): string[] => Object.entries({ Id: name, ...units[name] }).map((pair) => pair.join('='));
  return { stdout: queried.map((name) => `${lines(name).join('\n')}\n`).join('\n') };
}

const healthy = (service: Properties): Shown => shown(listening, listening, { ...resting, ...service });

/** @param show returns the units for each query. */
function systemdWith(show: () => Shown) {
  const { run, commands } = scriptedRun((command) => (command.startsWith('--user show') ? answer(command, show()) : 0));
  const supervisor = createSystemd({ run, home: '/home/ann', uid: 1000, env: {} });
  const changes = (): string[] =>
    commands.map((command) => command.replace('--user ', '')).filter((command) => !command.startsWith('show'));
  return { supervisor, changes };
}

const exited = { ExecMainCode: '1', ExecMainExitTimestampMonotonic: '5' };

const STATES: readonly [what: string, show: Shown, status: Partial<JobStatus>][] = [
  ['no units', shown(missing, missing, missing), { state: 'not-installed', listening: false }],
  ['never started', healthy({}), { state: 'idle', listening: true }],
  ['exited', healthy({ ...exited }), { state: 'idle', listening: true, lastExit: 0 }],
  ['running', healthy({ ActiveState: 'active', MainPID: '7' }), { state: 'running', listening: true, pid: 7 }],
  ['reloading', healthy({ ActiveState: 'reloading', MainPID: '7' }), { state: 'running', pid: 7 }],
  ['starting', healthy({ ActiveState: 'activating', MainPID: '7' }), { state: 'starting', listening: true, pid: 7 }],
  [
    'stopping',
    healthy({ ActiveState: 'deactivating', SubState: 'stop-sigterm', MainPID: '7' }),
    { state: 'stopping', pid: 7 },
  ],
  [
    'failed within the last second',
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
    'failed',
    healthy({ ...exited, ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: '70' }),
    {
      state: 'failed',
      lastExit: 70,
      listening: true,
      detail: 'the last process ended with an error (exit-code, 70); the next connection starts one',
    },
  ],
  [
    'killed',
    healthy({ ...exited, ExecMainCode: '2', ActiveState: 'failed', Result: 'signal', ExecMainStatus: '9' }),
    { state: 'failed', lastExit: 'signal 9' },
  ],
  [
    'ended by the watchdog',
    healthy({ ...exited, ExecMainCode: '2', ActiveState: 'failed', Result: 'watchdog', ExecMainStatus: '6' }),
    { state: 'failed', lastExit: 'signal 6' },
  ],
  [
    'a failed socket',
    shown({ ...listening, ActiveState: 'failed', Result: 'service-start-limit-hit' }, listening, resting),
    { state: 'failed', listening: false, detail: `${SOCKET}: service-start-limit-hit` },
  ],
  [
    'a failed control socket',
    shown(listening, { ...listening, ActiveState: 'failed', Result: 'resources' }, resting),
    { state: 'failed', listening: false, detail: `${CONTROL}: resources` },
  ],
  [
    'a stopped socket',
    shown({ ...listening, ActiveState: 'inactive' }, listening, resting),
    { state: 'disabled', listening: false, detail: `${SOCKET} is not started` },
  ],
  [
    'a masked socket',
    shown({ LoadState: 'masked', ActiveState: 'inactive' }, listening, resting),
    { state: 'disabled', listening: false, detail: `${SOCKET} is masked` },
  ],
  [
    'a stopped control socket',
    shown(listening, { ...listening, ActiveState: 'inactive' }, resting),
    { state: 'disabled', listening: false, detail: `${CONTROL} is not started` },
  ],
  [
    'a masked control socket that systemd still holds',
    shown(listening, { ...listening, LoadState: 'masked' }, resting),
    { state: 'disabled', listening: true, detail: `${CONTROL} is masked` },
  ],
  [
    'removed files, while systemd still holds the units',
    shown(removed(listening), removed(listening), { ...removed(resting), ActiveState: 'active', MainPID: '7' }),
    { state: 'running', listening: true, pid: 7 },
  ],
  [
    'removed files, with the service alone left',
    shown(missing, missing, { ...removed(resting), ActiveState: 'active', MainPID: '7' }),
    { state: 'disabled', listening: false, pid: 7 },
  ],
  [
    'removed files, and a service that failed before',
    shown(missing, missing, { ...missing, ActiveState: 'failed' }),
    { state: 'not-installed', listening: false },
  ],
  [
    'an unknown state',
    healthy({ ActiveState: 'dreaming' }),
    { state: 'unknown', detail: 'unknown state of systemd: "dreaming"' },
  ],
];

for (const [what, show, status] of STATES) {
  test(`status: ${what}`, async (t) => {
    const { supervisor, changes } = systemdWith(() => show);
    t.like(await supervisor.status(LABEL), status);
    t.deepEqual(changes(), []);
  });
}

test('without a session, every call rejects with the reason', async (t) => {
  const { run } = scriptedRun(() => ({ status: 1, stderr: 'Failed to connect to bus: No medium found\n' }));
  const supervisor = createSystemd({ run, home: '/home/ann', uid: 1000, env: {} });
  const calls = [
    supervisor.check(),
    supervisor.status(LABEL),
    supervisor.load(jobWith(), ['/a']),
    supervisor.unload(LABEL),
    supervisor.forget(LABEL),
    supervisor.dismiss(LABEL),
  ];
  for (const call of calls) await t.throwsAsync(call, { code: 'ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE' });
});

test('units are in the folder that systemd reads', (t) => {
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
  const withVariables = jobWith({ env: { PATH: '/bin', TOKEN: 'secret' } });
  t.true(
    of({})
      .filesOf(withVariables)
      .every(({ mode }) => mode === 0o600),
  );
});

test('loading() lists the commands that load() runs', async (t) => {
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

test('load starts sockets that do not listen, also without a change', async (t) => {
  const { supervisor, changes } = systemdWith(() => shown({ ...listening, ActiveState: 'failed' }, listening, resting));
  await supervisor.load(jobWith(), []);
  t.deepEqual(changes(), [`stop ${UNITS}`, `reset-failed ${UNITS}`, `enable --now ${SOCKET} ${CONTROL}`]);
});

test('unload stops the sockets before the service, and waits for both', async (t) => {
  const stopping = healthy({ ActiveState: 'deactivating' });
  const dead = { ...listening, ActiveState: 'inactive' };
  const { supervisor, changes } = systemdWith(inTurn(healthy({}), stopping, stopping, shown(dead, dead, resting)));
  await supervisor.unload(LABEL);
  t.deepEqual(changes(), [`disable --now ${SOCKET} ${CONTROL}`, `stop ${UNITS}`]);
});

test('unload stops units whose files are removed', async (t) => {
  const held = shown(removed(listening), removed(listening), { ...resting, ...removed({ ActiveState: 'active' }) });
  const { supervisor, changes } = systemdWith(inTurn(held, shown(missing, missing, missing)));
  await supervisor.unload(LABEL);
  t.deepEqual(changes(), [`disable --now ${SOCKET} ${CONTROL}`, `stop ${UNITS}`]);
});

test('unload and dismiss do nothing without units', async (t) => {
  const { supervisor, changes } = systemdWith(() => shown(missing, missing, missing));
  await supervisor.unload(LABEL);
  t.deepEqual(changes(), []);
  t.is(await supervisor.dismiss(LABEL), undefined);
  t.deepEqual(changes(), []);
});

test('dismiss signals the main process and leaves the sockets alone', async (t) => {
  const { supervisor, changes } = systemdWith(() => healthy({ MainPID: '7' }));
  t.is(await supervisor.dismiss(LABEL), 7);
  t.deepEqual(changes(), [`kill --kill-who main --signal SIGTERM ${SERVICE}`]);
});

test('the log command matches user and identifier', (t) => {
  const { supervisor } = systemdWith(() => ({}));
  const start = 'journalctl --quiet --no-pager --output cat --lines';
  const match = `SYSLOG_IDENTIFIER=${LABEL} _UID=1000`;
  t.is(supervisor.logCommand(LABEL, { lines: 5, follow: false })?.join(' '), `${start} 5 ${match}`);
  t.is(supervisor.logCommand(LABEL, { lines: 0, follow: true })?.join(' '), `${start} 0 --follow ${match}`);
});
