/** Check-in: the supervisor follows from the environment and, on macOS, from launchd, which a library replaces here. */
import test, { type ExecutionContext } from 'ava';
import { type CheckIn, type CheckInOptions, checkIn } from '../../../src/activation/check-in.ts';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { compileLibrary } from '../../helpers/c-library.ts';
import { checkInAsChild } from '../../helpers/check-ins.ts';

const LABEL = 'com.example.agent';
const UNDER_LABEL = { label: LABEL, env: { XPC_SERVICE_NAME: LABEL } };

/** The behaviour of the names in the plist: see test/fixtures/launchd/libactivate.c. */
type Plist = { LISTENERS: string; CONTROL: string };

async function checkInOnMacos(
  t: ExecutionContext,
  plist: Plist,
  options: CheckInOptions = {},
): Promise<CheckIn | undefined> {
  const libraries = [await compileLibrary(t, 'launchd/libactivate.c', plist)];
  return checkIn({ env: {}, platform: 'darwin', libraries, ...options });
}

test('a job of launchd gets its agent sockets and its control socket', async (t) => {
  t.deepEqual(await checkInOnMacos(t, { LISTENERS: 'two', CONTROL: 'one' }), {
    supervisor: 'launchd',
    sockets: { agent: [40, 41], control: [40] },
    lifelineFd: undefined,
  });
});

test('a job without a control socket checks in', async (t) => {
  const result = await checkInOnMacos(t, { LISTENERS: 'one', CONTROL: 'enoent' }, UNDER_LABEL);
  t.deepEqual(result?.sockets, { agent: [40], control: [] });
});

test('another failure of the control socket is an error', async (t) => {
  await t.throwsAsync(checkInOnMacos(t, { LISTENERS: 'one', CONTROL: 'eacces' }), {
    code: 'ERR_LAUNCHPOOL_CHECK_IN_FAILED',
  });
});

for (const errno of ['esrch', 'enoent']) {
  for (const [what, options] of [
    ['no label', {}],
    ['a label, without a label from launchd', { label: LABEL }],
    ['a label, in a terminal', { label: LABEL, env: { XPC_SERVICE_NAME: '0' } }],
    ['a label, as the child of another job', { label: LABEL, env: { XPC_SERVICE_NAME: 'com.example.other' } }],
  ] as const) {
    test(`${errno} with ${what}: no supervisor holds a socket for this process`, async (t) => {
      t.is(await checkInOnMacos(t, { LISTENERS: errno, CONTROL: errno }, options), undefined);
    });
  }
}

for (const [errno, code] of [
  ['enoent', 'ERR_LAUNCHPOOL_CHECK_IN_UNKNOWN_NAME'],
  ['esrch', 'ERR_LAUNCHPOOL_CHECK_IN_NOT_MANAGED'],
] as const) {
  test(`${errno} under the own label is a configuration error: ${code}`, async (t) => {
    const checkingIn = checkInOnMacos(t, { LISTENERS: errno, CONTROL: 'one' }, UNDER_LABEL);
    const error = await t.throwsAsync<LaunchpoolError>(checkingIn, { code });
    t.truthy(error.hint);
  });
}

test('a failure that is independent of the job is always an error', async (t) => {
  for (const [errno, code] of [
    ['ealready', 'ERR_LAUNCHPOOL_CHECK_IN_REPEATED'],
    ['eacces', 'ERR_LAUNCHPOOL_CHECK_IN_FAILED'],
    ['null', 'ERR_LAUNCHPOOL_SUPERVISOR_INVALID'],
  ]) {
    await t.throwsAsync(checkInOnMacos(t, { LISTENERS: errno as string, CONTROL: 'one' }), { code });
  }
});

test('a library that cannot be loaded is an error', async (t) => {
  await t.throwsAsync(checkIn({ env: {}, platform: 'darwin', libraries: ['/missing.dylib'] }), {
    code: 'ERR_LAUNCHPOOL_CHECK_IN_LIBRARY',
  });
});

test('the check-in with launchd happens on macOS only', async (t) => {
  t.is(await checkIn({ env: {}, platform: 'linux', libraries: ['/missing.dylib'] }), undefined);
});

test('sockets in the environment take precedence over launchd, and have names', async (t) => {
  const own = { LISTEN_PID: 'own' };
  const outcomes = await checkInAsChild<CheckIn>('supervisor', [
    { ...own, LISTEN_FDS: '2', LISTEN_FDNAMES: 'control:agent' },
    { ...own, LISTEN_FDS: '3', LISTEN_FDNAMES: 'agent:control:agent' },
    { ...own, LISTEN_FDS: '2' },
    { ...own, LISTEN_FDS: '1', LISTEN_FDNAMES: 'com.example.agent.socket' },
  ]);
  t.deepEqual(
    outcomes.map(({ result }) => result),
    [
      { supervisor: 'systemd', sockets: { agent: [4], control: [3] } },
      { supervisor: 'systemd', sockets: { agent: [3, 5], control: [4] } },
      { supervisor: 'systemd', sockets: { agent: [3, 4], control: [] } },
      { supervisor: 'systemd', sockets: { agent: [3], control: [] } },
    ] as unknown as CheckIn[],
  );
});

test('a control socket alone is an error', async (t) => {
  const outcomes = await checkInAsChild('supervisor', [
    { LISTEN_PID: 'own', LISTEN_FDS: '1', LISTEN_FDNAMES: 'control' },
    { LISTEN_PID: 'own', LISTEN_FDS: '0' },
  ]);
  const code = 'ERR_LAUNCHPOOL_SUPERVISOR_INVALID';
  t.deepEqual(
    outcomes.map(({ error }) => error?.code),
    [code, code],
  );
});

test('a lifeline identifies the embedded holder, and its variable is removed', async (t) => {
  const sockets = { LISTEN_PID: 'own', LISTEN_FDS: '1', LISTEN_FDNAMES: 'agent' };
  const [held, garbled, alone] = await checkInAsChild<CheckIn>('supervisor', [
    { ...sockets, LAUNCHPOOL_LIFELINE_FD: '5' },
    { ...sockets, LAUNCHPOOL_LIFELINE_FD: '5x' },
    { LAUNCHPOOL_LIFELINE_FD: '5' },
  ]);
  t.like(held?.result, { supervisor: 'embedded', lifelineFd: 5 });
  t.like(garbled?.result, { supervisor: 'systemd' });
  t.deepEqual([held?.env, garbled?.env, alone?.env], [{}, {}, {}]);
});

test('the check-in with launchd removes the variables of the other supervisors', async (t) => {
  const env = { LISTEN_PID: '1', LISTEN_FDS: '1', NOTIFY_SOCKET: '/n', LAUNCHPOOL_LIFELINE_FD: '5', HOME: '/home/me' };
  await checkInOnMacos(t, { LISTENERS: 'one', CONTROL: 'one' }, { env });
  t.deepEqual(env, { HOME: '/home/me' } as unknown as typeof env);
});
