/** Check-in with systemd: the variables are interpreted, and removed from the environment. */
import test from 'ava';
import fc from 'fast-check';
import { checkInWithSystemd, type Environment, type SystemdCheckIn } from '../../systemd/check-in.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { checkInAsChild } from '../helpers/check-ins.ts';

const PID = 4711;
const VARIABLES = [
  'LISTEN_PID',
  'LISTEN_FDS',
  'LISTEN_FDNAMES',
  'LISTEN_PIDFDID',
  'NOTIFY_SOCKET',
  'WATCHDOG_USEC',
  'WATCHDOG_PID',
] as const;

type Result = Omit<SystemdCheckIn, 'sockets'> & { sockets: Record<string, number[]> };

const attempts = (environments: readonly Environment[]) => checkInAsChild<Result>('systemd', environments);

const CASES: readonly [title: string, env: Environment, sockets: Record<string, number[]>][] = [
  ['descriptors have their names', { LISTEN_FDS: '2', LISTEN_FDNAMES: 'agent:control' }, { agent: [3], control: [4] }],
  ["the order is the supervisor's", { LISTEN_FDS: '2', LISTEN_FDNAMES: 'control:agent' }, { control: [3], agent: [4] }],
  ['a repeated name collects its descriptors', { LISTEN_FDS: '3', LISTEN_FDNAMES: 'a:b:a' }, { a: [3, 5], b: [4] }],
  ['without names all are unknown', { LISTEN_FDS: '3' }, { unknown: [3, 4, 5] }],
  ['an empty list of names counts as no list', { LISTEN_FDS: '1', LISTEN_FDNAMES: '' }, { unknown: [3] }],
  ['fewer names than descriptors', { LISTEN_FDS: '3', LISTEN_FDNAMES: 'agent' }, { agent: [3], unknown: [4, 5] }],
  ['an empty name', { LISTEN_FDS: '2', LISTEN_FDNAMES: ':agent' }, { unknown: [3], agent: [4] }],
  ['more names than descriptors', { LISTEN_FDS: '1', LISTEN_FDNAMES: 'agent:control' }, { agent: [3] }],
  ['no descriptors', { LISTEN_FDS: '0', LISTEN_FDNAMES: 'agent' }, {}],
  ['a name of a built-in property', { LISTEN_FDS: '1', LISTEN_FDNAMES: 'constructor' }, { constructor: [3] }],
];

test('descriptors are found by their names', async (t) => {
  const outcomes = await attempts(CASES.map(([, env]) => ({ LISTEN_PID: 'own', ...env })));
  for (const [index, [title, , sockets]] of CASES.entries()) {
    t.deepEqual(outcomes[index]?.result?.sockets, sockets, title);
  }
});

test('a descriptor that is closed or no socket is an error that names it', async (t) => {
  const [file, missing] = await attempts([
    { LISTEN_PID: 'own', LISTEN_FDS: '4' },
    { LISTEN_PID: 'own', LISTEN_FDS: '999999' },
  ]);
  t.like(file?.error, { code: 'ERR_LAUNCHPOOL_SUPERVISOR_INVALID' });
  t.regex(file?.error?.message ?? '', /descriptor 6\b/);
  t.like(missing?.error, { code: 'ERR_LAUNCHPOOL_SUPERVISOR_INVALID' });
});

test('the variables, and no others, are removed after success and failure', async (t) => {
  const every = { ...Object.fromEntries(VARIABLES.map((name) => [name, '1'])), PATH: '/bin', LISTEN: 'mine' };
  const outcomes = await attempts([
    { ...every, LISTEN_PID: 'own', LISTEN_FDS: '1' },
    { ...every, LISTEN_PID: 'own', LISTEN_FDS: '4' },
    { ...every, LISTEN_PID: 'own', LISTEN_FDS: 'garbage' },
    { ...every, LISTEN_PID: '1' },
  ]);
  t.deepEqual(
    outcomes.map(({ result, error }) => [result !== undefined, error?.code]),
    [
      [true, undefined],
      [false, 'ERR_LAUNCHPOOL_SUPERVISOR_INVALID'],
      [false, 'ERR_LAUNCHPOOL_SUPERVISOR_INVALID'],
      [false, undefined],
    ],
  );
  for (const { env } of outcomes) t.deepEqual(env, { PATH: '/bin', LISTEN: 'mine' });
});

for (const value of ['', ' 1', '1 ', '1\n', '-1', '+1', '1.5', '1e1', '0x1', 'one', '1000000', 'NaN', '１']) {
  test(`LISTEN_FDS ${JSON.stringify(value)} is an error that names the variable`, (t) => {
    const error = t.throws<LaunchpoolError>(
      () => checkInWithSystemd({ LISTEN_PID: String(PID), LISTEN_FDS: value }, PID),
      { code: 'ERR_LAUNCHPOOL_SUPERVISOR_INVALID' },
    );
    t.regex(error.message, /LISTEN_FDS/);
    t.truthy(error.hint);
  });
}

for (const [title, env] of [
  ['another process', { LISTEN_PID: String(PID + 1), LISTEN_FDS: '1' }],
  ['no process', { LISTEN_FDS: '1' }],
  ['a process id with a leading zero', { LISTEN_PID: `0${PID}`, LISTEN_FDS: '1' }],
  ['this process, without a count', { LISTEN_PID: String(PID), LISTEN_FDNAMES: 'agent' }],
] as const) {
  test(`sockets for ${title} are ignored`, (t) => {
    t.is(checkInWithSystemd({ ...env }, PID), undefined);
  });
}

test('the notification socket and the watchdog interval are returned', (t) => {
  const env = { LISTEN_PID: String(PID), LISTEN_FDS: '0', NOTIFY_SOCKET: '@notify', WATCHDOG_USEC: '30000000' };
  t.like(checkInWithSystemd({ ...env }, PID), { notifySocket: '@notify', watchdogUsec: 30_000_000 });
  t.is(checkInWithSystemd({ ...env, WATCHDOG_PID: String(PID) }, PID)?.watchdogUsec, 30_000_000);
});

test('a watchdog for another process is ignored', (t) => {
  const env = { LISTEN_PID: String(PID), LISTEN_FDS: '0', WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' };
  t.is(checkInWithSystemd(env, PID)?.watchdogUsec, undefined);
});

const garbage = fc.oneof(
  fc.string(),
  fc.integer().map(String),
  fc.constantFrom(String(PID), '0', '1', '3', ':', 'agent:control', '\0', '__proto__'),
);
const environments = fc.record(Object.fromEntries(VARIABLES.map((name) => [name, garbage])), { requiredKeys: [] });

test('with random values, only a LaunchpoolError is thrown, and all variables are removed', (t) => {
  fc.assert(
    fc.property(environments, fc.boolean(), (given, own) => {
      const env: Environment = { ...given, OTHER: 'stays', ...(own ? { LISTEN_PID: String(PID) } : {}) };
      try {
        checkInWithSystemd(env, PID);
      } catch (error) {
        if (!(error instanceof LaunchpoolError)) throw error;
      }
      return Object.keys(env).join() === 'OTHER';
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

test('a watchdog interval is a positive whole number of microseconds, or undefined', (t) => {
  fc.assert(
    fc.property(garbage, (value) => {
      try {
        const env = { LISTEN_PID: String(PID), LISTEN_FDS: '0', WATCHDOG_USEC: value };
        const usec = checkInWithSystemd(env, PID)?.watchdogUsec;
        return usec === undefined || (Number.isSafeInteger(usec) && usec > 0);
      } catch (error) {
        return error instanceof LaunchpoolError;
      }
    }),
    { numRuns: 1000 },
  );
  t.pass();
});
