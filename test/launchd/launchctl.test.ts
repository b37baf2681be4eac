/** Output and exit statuses of launchctl: how they are parsed, and which action follows. */
import test from 'ava';
import fc from 'fast-check';
import { createLaunchctl, isStopping, parseDisabled, parsePrint } from '../../launchd/launchctl.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { notRunning, RUNNING, SUBMITTED } from '../fixtures/launchd/prints.ts';
import { type Answer, inTurn, scriptedRun } from '../helpers/scripted-run.ts';

const LABEL = 'com.example.rot13';
const DOMAIN = 'gui/501';
const TARGET = `${DOMAIN}/${LABEL}`;
const PLIST = `/Users/ann/Library/LaunchAgents/${LABEL}.plist`;
/** A timeout that no test reaches. */
const LONG_MS = 60_000;

const draining = { stdout: notRunning('last exit code = 0', 'SIGTERMed') };
const removed = { status: 113, stderr: `Could not find service "${LABEL}" in domain for user gui: 501\n` };

/** A launchctl whose subcommands give scripted answers. */
function launchctlWith(answers: Readonly<Record<string, () => Answer | number>>) {
  const { run, commands } = scriptedRun((command) => answers[command.split(' ')[0] ?? '']?.());
  return { ...createLaunchctl(run), commands };
}

const PRINTS: readonly [what: string, text: string, printed: object][] = [
  ['a running job', RUNNING, { state: 'running', path: PLIST, pid: 64011, lastExit: 0 }],
  [
    'a job without a process so far',
    notRunning('last exit code = (never exited)'),
    { state: 'not running', lastExit: undefined },
  ],
  ['a failed job', notRunning('last exit code = 70'), { state: 'not running', pid: undefined, lastExit: 70 }],
  ['a killed job', notRunning('last terminating signal = Killed: 9'), { lastExit: 'signal 9' }],
  ['a crashed job', notRunning('last terminating signal = Segmentation fault: 11'), { lastExit: 'signal 11' }],
  ['a job of an app', SUBMITTED, { state: 'spawn scheduled', path: '(submitted by smd.553)', lastExit: 78 }],
  ['a job that is being removed', draining.stdout, { state: 'SIGTERMed', path: PLIST, pid: undefined }],
  ['no text', '', { state: 'unknown', path: undefined, pid: undefined, lastExit: undefined }],
  ['an invalid process id', RUNNING.replace('64011', '0'), { pid: undefined }],
  ['deeper lines only', '\t\tstate = active\n\t\tpid = 1\n', { state: 'unknown', pid: undefined }],
  ['spaces at the end', '\tstate = running \t\n', { state: 'running' }],
];

for (const [what, text, printed] of PRINTS) {
  test(`print of ${what}`, (t) => {
    t.like(parsePrint(text), printed);
  });
}

test('a job is stopping from SIGTERM on', (t) => {
  const states = ['running', 'not running', 'spawn scheduled', 'SIGTERMed', 'SIGKILLed', 'languishing'];
  t.deepEqual(
    states.filter((state) => isStopping({ state })),
    ['SIGTERMed', 'SIGKILLed', 'languishing'],
  );
});

const DISABLED = `
	disabled services = {
		"com.example.rot13" => disabled
		"com.example.rot13.other" => enabled
		"com.example" => enabled
		"org.com.example.old" => true
		"com.example.old" => false
	}
	login item associations = {
	}
`;

test('disabled labels are found in the output of newer and older versions', (t) => {
  const labels = [
    'com.example.rot13',
    'com.example.rot13.other',
    'com.example',
    'org.com.example.old',
    'com.example.old',
  ];
  t.deepEqual(
    labels.filter((label) => parseDisabled(DISABLED, label)),
    ['com.example.rot13', 'org.com.example.old'],
  );
});

test('a label that is part of another label does not match it', (t) => {
  for (const label of ['rot13', 'com.example.rot1', 'example.old', 'com.example.ol', '', 'com.example.rot13.o']) {
    t.false(parseDisabled(DISABLED, label), label);
  }
  // A dot is a dot.
  t.false(parseDisabled('\t"comXexample" => disabled\n', 'com.example'));
});

test('parsing random output does not throw, and a parsed process id is valid', (t) => {
  const word = fc.constantFrom('state', 'pid', 'path', 'last exit code', 'last terminating signal', '"a"');
  const sign = fc.constantFrom(' = ', ' => ', '=', '', ' = {');
  const value = fc.oneof(
    fc.constantFrom('running', '-1', '99: X', 'NaN', '1e3', '0x10', 'disabled', 'true'),
    fc.string(),
  );
  const line = fc
    .tuple(fc.constantFrom('', '\t', '\t\t', '  '), word, sign, value, fc.constantFrom('\n', '\r\n', ''))
    .map((parts) => parts.join(''));
  const text = fc.oneof(
    fc.array(line).map((lines) => lines.join('')),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(text, fc.string(), (printed, label) => {
      const { state, pid, lastExit } = parsePrint(printed);
      t.is(typeof state, 'string');
      t.true(pid === undefined || (Number.isInteger(pid) && pid > 0));
      t.true(lastExit === undefined || typeof lastExit === 'string' || Number.isInteger(lastExit));
      t.is(typeof parseDisabled(printed, label), 'boolean');
    }),
    { numRuns: 2000 },
  );
});

for (const status of [3, 112, 113, 125]) {
  test(`print, exit status ${status}: the job does not exist`, async (t) => {
    t.is(await launchctlWith({ print: () => status }).print(DOMAIN, LABEL), undefined);
  });
}

for (const status of [-1, 5, 64, 127]) {
  test(`print, exit status ${status}: an error, since the job may exist`, async (t) => {
    const { print } = launchctlWith({ print: () => ({ status, stderr: 'no\n' }) });
    await t.throwsAsync(print(DOMAIN, LABEL), {
      code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED',
      message: `/bin/launchctl print ${TARGET}: exit status ${status}, no`,
    });
  });
}

test('bootstrap runs its command once', async (t) => {
  const { bootstrap, commands } = launchctlWith({});
  await bootstrap(DOMAIN, LABEL, PLIST, LONG_MS);
  t.deepEqual(commands, [`bootstrap ${DOMAIN} ${PLIST}`]);
});

for (const status of [5, 37]) {
  test(`bootstrap, exit status ${status}: repeated while the label is being removed`, async (t) => {
    const { bootstrap, commands } = launchctlWith({
      bootstrap: inTurn(status, status, 0),
      print: inTurn<Answer>(draining, removed),
    });
    await bootstrap(DOMAIN, LABEL, PLIST, LONG_MS);
    const attempt = `bootstrap ${DOMAIN} ${PLIST}`;
    t.deepEqual(commands, [attempt, `print ${TARGET}`, attempt, `print ${TARGET}`, attempt]);
  });

  test(`bootstrap, exit status ${status}: succeeds when the job is loaded from this plist`, async (t) => {
    const { bootstrap, commands } = launchctlWith({ bootstrap: () => status, print: () => ({ stdout: RUNNING }) });
    await bootstrap(DOMAIN, LABEL, PLIST, LONG_MS);
    t.is(commands.length, 2);
  });

  test(`bootstrap, exit status ${status}: fails when the job is loaded from another plist`, async (t) => {
    const { bootstrap } = launchctlWith({ bootstrap: () => status, print: () => ({ stdout: RUNNING }) });
    await t.throwsAsync(bootstrap(DOMAIN, LABEL, '/other.plist', 0), { code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED' });
  });

  test(`bootstrap, exit status ${status}: fails after the timeout`, async (t) => {
    const { bootstrap, commands } = launchctlWith({
      bootstrap: () => ({ status, stderr: `Bootstrap failed: ${status}: why\n` }),
      print: () => draining,
    });
    const error = await t.throwsAsync<LaunchpoolError>(bootstrap(DOMAIN, LABEL, PLIST, 0));
    t.is(
      error.message,
      `/bin/launchctl bootstrap ${DOMAIN} ${PLIST}: exit status ${status}, Bootstrap failed: ${status}: why`,
    );
    t.deepEqual(error.data, { status, stderr: `Bootstrap failed: ${status}: why` });
    t.truthy(error.hint);
    t.is(commands.length, 2);
  });
}

const HINTS: readonly [status: number, hint: RegExp][] = [
  [5, /Login Items/],
  [36, /launchctl error 36/],
  [109, /launchctl error 109/],
  [112, /Log that user in/],
  [119, /launchctl error 119/],
  [125, /Log that user in/],
  [133, /launchctl error 133/],
  [134, /launchctl error 134/],
];

for (const [status, hint] of HINTS.filter(([number]) => number !== 5)) {
  test(`bootstrap, exit status ${status}: fails at once, with a hint`, async (t) => {
    const { bootstrap, commands } = launchctlWith({ bootstrap: () => ({ status, stderr: `failed: ${status}` }) });
    const error = await t.throwsAsync<LaunchpoolError>(bootstrap(DOMAIN, LABEL, PLIST, LONG_MS), {
      code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED',
    });
    t.regex(error.hint ?? '', hint);
    t.regex(error.message, new RegExp(`exit status ${status}, failed: ${status}$`));
    t.is(commands.length, 1);
  });
}

for (const status of [3, 113]) {
  test(`bootout, exit status ${status}: the job does not exist, and bootout does not wait`, async (t) => {
    const { bootout, commands } = launchctlWith({ bootout: () => status });
    await bootout(DOMAIN, LABEL, LONG_MS);
    t.deepEqual(commands, [`bootout ${TARGET}`]);
  });
}

for (const status of [0, 36, 37]) {
  test(`bootout, exit status ${status}: waits until the label is free`, async (t) => {
    const idle = { stdout: notRunning('last exit code = 0') };
    const { bootout, commands } = launchctlWith({
      bootout: () => status,
      print: inTurn<Answer>(draining, idle, removed),
    });
    await bootout(DOMAIN, LABEL, LONG_MS);
    t.deepEqual(commands, [`bootout ${TARGET}`, `print ${TARGET}`, `print ${TARGET}`, `print ${TARGET}`]);
  });

  test(`bootout, exit status ${status}: fails when the label does not become free`, async (t) => {
    const { bootout } = launchctlWith({ bootout: () => status, print: () => draining });
    const error = await t.throwsAsync<LaunchpoolError>(bootout(DOMAIN, LABEL, 0), {
      code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED',
    });
    t.is(error.hint, 'Try again later: the job still exists after 0 s.');
  });
}

for (const [status, hint] of HINTS.filter(([number]) => number !== 36)) {
  test(`bootout, exit status ${status}: fails`, async (t) => {
    const { bootout, commands } = launchctlWith({ bootout: () => ({ status, stderr: 'Boot-out failed' }) });
    const error = await t.throwsAsync<LaunchpoolError>(bootout(DOMAIN, LABEL, LONG_MS));
    t.regex(error.message, new RegExp(`bootout ${TARGET}: exit status ${status}, Boot-out failed$`));
    t.regex(error.hint ?? '', hint);
    t.is(commands.length, 1);
  });
}

test('bootout does not take a label for free when print gives no answer', async (t) => {
  const { bootout } = launchctlWith({ bootout: () => 0, print: () => ({ status: -1, stderr: 'timed out' }) });
  await t.throwsAsync(bootout(DOMAIN, LABEL, LONG_MS), { message: /print .*: exit status -1, timed out/ });
});

test('enable fails with an error, kill succeeds without a process', async (t) => {
  const { enable, kill, commands } = launchctlWith({ enable: inTurn(0, 125), kill: inTurn(0, 3) });
  await enable(DOMAIN, LABEL);
  await t.throwsAsync(enable(DOMAIN, LABEL), { code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED', message: /exit status 125$/ });
  await kill(DOMAIN, LABEL, 'SIGTERM');
  await t.notThrowsAsync(kill(DOMAIN, LABEL, 'SIGTERM'));
  t.deepEqual(commands, [`enable ${TARGET}`, `enable ${TARGET}`, `kill SIGTERM ${TARGET}`, `kill SIGTERM ${TARGET}`]);
});

test('existing domains and disabled labels are queried', async (t) => {
  const { hasDomain, isDisabled } = launchctlWith({
    print: inTurn(0, 112, 125),
    'print-disabled': inTurn<Answer>({ stdout: DISABLED }, { status: 112 }),
  });
  t.deepEqual([await hasDomain(DOMAIN), await hasDomain(DOMAIN), await hasDomain(DOMAIN)], [true, false, false]);
  t.deepEqual([await isDisabled(DOMAIN, LABEL), await isDisabled(DOMAIN, LABEL)], [true, false]);
});
