/** The report on a machine: what it says, what it leaves, and what it does not say. */
import { readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { isGood } from '../../../src/install/report/is-good.ts';
import { redact } from '../../../src/install/report/redact.ts';
import { reportMachine } from '../../../src/install/report/report.ts';
import { createLaunchdDouble } from '../../helpers/launchd/double.ts';
import { declareWith } from '../../helpers/not-tested.ts';
import { startSystemd } from '../../helpers/systemd-session.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { treeOf } from '../../helpers/tree.ts';

const it = declareWith(test.serial);
const STAGES = [
  'install',
  'first call',
  'second call',
  'idle exit',
  'call after the exit',
  'restart',
  'doctor',
  'uninstall',
  'look for what is left',
];

it('launchd: every stage passes, and nothing is left', async (t) => {
  t.timeout(180_000);
  const home = join(await tempDir(t), 'Ann Example');
  await mkdir(home);
  const launchd = createLaunchdDouble(t, { home });
  const stages: string[] = [];
  const report = await reportMachine({
    host: { platform: 'darwin', home, uid: 501, env: {}, run: launchd.run },
    onStage: (stage) => stages.push(stage),
  });
  const { testAgent, domains, error } = report;
  t.is(error, undefined);
  t.deepEqual(stages, STAGES);
  t.deepEqual(
    testAgent?.stages.map(({ stage, error: failure }) => [stage, failure]),
    STAGES.map((stage) => [stage, undefined]),
  );
  t.deepEqual(domains, { gui: true, user: true });
  t.is(testAgent?.states.at(-1)?.state, 'idle');
  t.like(testAgent?.sockets[0], { exists: true, mode: '0600', isBound: true });
  t.deepEqual([testAgent?.findings, testAgent?.left], [[], []]);
  t.true(isGood(report));
  t.deepEqual(
    treeOf(home).filter((path) => path.includes('launchpool.report')),
    [],
  );
  const text = JSON.stringify(report);
  for (const secret of [home, 'Ann Example', userInfo().homedir]) t.false(text.includes(secret), secret);
  t.deepEqual(
    readdirSync(homedir()).filter((name) => name.startsWith('.launchpool-report-')),
    [],
  );
});

it('systemd: every stage passes', async (t) => {
  t.timeout(180_000);
  const session = await startSystemd(t, join(await tempDir(t), 'h'));
  if (session === undefined) return;
  const report = await reportMachine({ host: session.host });
  t.deepEqual(
    report.testAgent?.stages.filter(({ error }) => error !== undefined),
    [],
  );
  t.true(isGood(report), JSON.stringify(report));
});

it('a report that is ended early, or that fails, leaves no agent', async (t) => {
  t.timeout(180_000);
  const home = join(await tempDir(t), 'h');
  await mkdir(home);
  const launchd = createLaunchdDouble(t, { home });
  const host = { platform: 'darwin' as const, home, uid: 501, env: {} };
  const ending = new AbortController();
  const onStage = (stage: string): void => {
    if (stage === 'first call') ending.abort();
  };
  const ended = await reportMachine({ host: { ...host, run: launchd.run }, signal: ending.signal, onStage });
  t.deepEqual(
    ended.testAgent?.stages.map(({ stage }) => stage),
    ['install', 'first call', 'uninstall', 'look for what is left'],
  );
  // From the first call on, launchctl gives no answer to some questions.
  let isOdd = false;
  let asked = 0;
  const failed = await reportMachine({
    host: {
      ...host,
      run: (command) => {
        asked += 1;
        const isLost = isOdd && command[1] === 'print' && asked % 3 === 0;
        return isLost ? Promise.resolve({ status: -1, stdout: '', stderr: '' }) : launchd.run(command);
      },
    },
    onStage: (stage) => {
      isOdd = stage !== 'uninstall' && stage !== 'look for what is left' && stage !== 'install';
    },
  });
  t.deepEqual(failed.testAgent?.left, []);
  t.deepEqual(
    treeOf(home).filter((path) => path.includes('launchpool.report')),
    [],
  );
});

it('a machine without a domain for the user is an error in the report', async (t) => {
  const home = await tempDir(t);
  const launchd = createLaunchdDouble(t, { home, domains: [] });
  const report = await reportMachine({ host: { platform: 'darwin', home, uid: 501, env: {}, run: launchd.run } });
  t.is(report.error?.code, 'ERR_LAUNCHPOOL_SUPERVISOR_UNREACHABLE');
  t.deepEqual(report.domains, { gui: false, user: false });
  t.is(report.testAgent, undefined);
  t.false(isGood(report));
});

test('paths and names of the user are replaced, those of the system stay', (t) => {
  const how = { home: '/Users/ann', uid: 501, user: 'ann', folders: { '<agent>': '/Users/ann/Library/x' } };
  for (const [text, expected] of [
    ['no /Users/ann/Library/x/current there', 'no <agent>/current there'],
    ['/Users/ann/secret plan.txt', '~/<path>'],
    ["'/Users/ann/Library/LaunchAgents/a.plist': gone", "'~/Library/LaunchAgents/<path>': gone"],
    ['ann owns /Volumes/Backup of ann', '<user> owns <path>'],
    ["exec '/Users/annabel/dir'", "exec '<path>'"],
    ['/bin/launchctl print gui/501/label', '/bin/launchctl print gui/<uid>/label'],
    ['Could not find service in domain for user gui: 501', 'Could not find service in domain for user gui: <uid>'],
    ['announced at /usr/bin/sw_vers', 'announced at /usr/bin/sw_vers'],
    ['/etc/acme-corp/vpn is missing', '<path>'],
    ['in 501 ms', 'in 501 ms'],
  ] as const) {
    t.is(redact(text, how), expected);
  }
});
