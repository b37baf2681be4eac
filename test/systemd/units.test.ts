/** The units of a job: their text, systemd's reading of it, and refused jobs. */

import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import type { Job } from '../../job/job.ts';
import { createSystemd } from '../../systemd/supervisor.ts';
import { unitsOf } from '../../systemd/units.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { fixture } from '../helpers/agent.ts';
import { arbitraryJob, jobWith, LABEL } from '../helpers/jobs.ts';
import { runProgram } from '../helpers/program.ts';
import { findPython } from '../helpers/pythons.ts';
import { type SystemdSession, startSystemd } from '../helpers/systemd-session.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { needTool } from '../helpers/tools.ts';
import { RECHECK_MS } from '../helpers/until.ts';

const SERVICE = `${LABEL}.service`;

test('the socket units of a typical job', (t) => {
  const units = unitsOf(jobWith({ tcp: { host: '::1', port: 8080 } }));
  t.deepEqual([...units.keys()], [`${LABEL}.socket`, `${LABEL}-control.socket`, SERVICE]);
  t.is(
    units.get(`${LABEL}.socket`),
    `[Unit]
Description=${LABEL}: socket

[Socket]
ListenStream=%t/${LABEL}.sock
ListenStream=[::1]:8080
SocketMode=0600
DirectoryMode=0700
FileDescriptorName=agent
Service=${SERVICE}
RemoveOnStop=yes
TriggerLimitIntervalSec=0

[Install]
WantedBy=sockets.target
`,
  );
  t.regex(units.get(`${LABEL}-control.socket`) ?? '', /^ListenStream=%t\/com\.example\.rot13\.control\.sock$/m);
  t.regex(units.get(`${LABEL}-control.socket`) ?? '', /^FileDescriptorName=control$/m);
});

test('the service of a typical job starts on demand only', (t) => {
  const unit = unitsOf(jobWith({ logFile: '/log/100%' })).get(SERVICE) ?? '';
  t.notRegex(unit, /^\[Install\]$|^Restart=/m);
  for (const line of [
    `Requires=${LABEL}.socket ${LABEL}-control.socket`,
    'StartLimitIntervalSec=0',
    'Type=notify',
    'ExecStart="/usr/bin/env" "/opt/agent/launchpool.cjs" "run" "/opt/agent/rot13.ts"',
    'TimeoutStartSec=90',
    'TimeoutStopSec=15',
    'KillMode=mixed',
    'UMask=0077',
    'StandardError=append:/log/100%%',
  ]) {
    t.true(unit.split('\n').includes(line), line);
  }
  t.notRegex(unitsOf(jobWith()).get(SERVICE) ?? '', /^Standard/m);
});

test('variables that change Node are unset, unless the job sets them', (t) => {
  const unset = (job: Job): string => /^UnsetEnvironment=(.*)$/m.exec(unitsOf(job).get(SERVICE) ?? '')?.[1] ?? '';
  t.regex(unset(jobWith()), /\bNODE_OPTIONS\b/);
  t.notRegex(unset(jobWith({ env: { NODE_OPTIONS: '--no-warnings' } })), /\bNODE_OPTIONS\b/);
});

const REFUSED: readonly [what: string, changes: Partial<Job>][] = [
  ['an argument of two lines', { command: ['/bin/a', 'a\nExecStart=/bin/b'] }],
  ['a program with a quote in its path', { command: [`/opt/ann's/node`] }],
  ['a program with a backslash in its path', { command: ['/opt/a\\b/node'] }],
  ['an argument with a NUL', { command: ['/bin/a', '\0'] }],
  ['a variable with a tab', { env: { A: 'a\tb' } }],
  ['a variable with DEL', { env: { A: '\u007f' } }],
  ['a lone surrogate', { env: { A: '\ud83d' } }],
  ['a noncharacter', { env: { A: '\ufdd0' } }],
  ['a noncharacter beyond the basic plane', { command: ['/bin/a', '\u{1ffff}'] }],
  ['a working directory of two lines', { workingDirectory: '/a\n[Install]' }],
  ['a log file of two lines', { logFile: '/a\rb' }],
  ['a working directory that ends with a space', { workingDirectory: '/a ' }],
  ['a log file that ends with a backslash', { logFile: '/a\\' }],
];

for (const [what, changes] of REFUSED) {
  test(`refused: ${what}`, (t) => {
    const error = t.throws<LaunchpoolError>(() => unitsOf(jobWith(changes)), { code: 'ERR_LAUNCHPOOL_JOB_INVALID' });
    t.truthy(error.hint);
  });
}

test('a random job is refused, or adds no line to its units', (t) => {
  const anyText = fc.string({ unit: 'binary', maxLength: 6 });
  const changes = fc.record({ env: fc.dictionary(fc.constantFrom('A', 'B'), anyText), extra: fc.array(anyText) });
  const keysOf = (job: Job): string[] =>
    [...unitsOf(job).values()].flatMap((unit) => unit.split('\n').map((line) => line.split('=')[0] as string));
  let [accepted, refused] = [0, 0];
  fc.assert(
    fc.property(arbitraryJob, fc.option(changes), (job, more) => {
      const changed: Job = more === null ? job : { ...job, env: more.env, command: [...job.command, ...more.extra] };
      const plain = { ...changed, command: ['/bin/a'] as const, env: { ...changed.env }, workingDirectory: '/' };
      for (const name of Object.keys(plain.env)) plain.env[name] = '';
      try {
        t.deepEqual(keysOf(changed), keysOf(plain));
        accepted += 1;
      } catch (error) {
        if (!(error instanceof LaunchpoolError) || error.code !== 'ERR_LAUNCHPOOL_JOB_INVALID') throw error;
        refused += 1;
      }
    }),
    { numRuns: 1000 },
  );
  t.true(accepted > 100 && refused > 20, `${accepted} accepted, ${refused} refused`);
});

test('systemd-analyze accepts the units', async (t) => {
  const analyze = needTool(t, 'systemd-analyze');
  if (analyze === undefined) return;
  const folder = await tempDir(t);
  // systemd-analyze checks that the program exists.
  const nasty = fc.sample(arbitraryJob, 12).map(({ command: [, ...args], ...job }): Job => {
    return { ...job, command: ['/usr/bin/env', ...args] };
  });
  const typical = [jobWith(), jobWith({ tcp: { host: '127.0.0.1', port: 80 }, logFile: '/log/a b' })];
  // One process reads all units: it takes as long to start as to read a hundred of them.
  const units = [...typical, ...nasty].flatMap((job, index) =>
    [...unitsOf({ ...job, label: `com.example.n${index}`, workingDirectory: folder })].map(([name, unit]) => {
      writeFileSync(join(folder, name), unit);
      return join(folder, name);
    }),
  );
  const env = { ...process.env, XDG_RUNTIME_DIR: folder, HOME: folder };
  const { status, stderr } = await runProgram([analyze, 'verify', '--user', '--man=no', ...units], { env });
  const warnings = stderr.split('\n').filter((line) => line.includes(folder) || line.includes('com.example.n'));
  t.deepEqual([status, warnings], [0, []], stderr);
});

const NASTY = [
  '',
  ' ',
  'a b',
  ' a  b ',
  '"',
  "'",
  '\\',
  '\\\\"',
  '\\n\\x41\\u0041',
  '$HOME',
  '\u0024{HOME}',
  '$',
  '$$',
  '$$HOME',
  '%h',
  '%%',
  '100%',
  ';',
  '\\;',
  '#',
  '; ls',
  '-',
  '@/bin/a',
  '~',
  '*',
  '&|<>()`',
  'ü漢\u{1f600}\u0085\u2028\u00a0',
  'a=b',
  'x'.repeat(4000),
];

test('arguments and variables arrive unchanged', async (t) => {
  const home = join(await tempDir(t), 'home');
  const session = await startSystemd(t, home);
  if (session === undefined) return;
  const program = join(home, `no de $HOME $$ %h ü;#`);
  const workingDirectory = join(home, `w %h "q" $HOME ü`);
  symlinkSync(process.execPath, program);
  mkdirSync(workingDirectory);
  const received = join(home, 'received.json');
  const env = Object.fromEntries(NASTY.map((value, index) => [`TEST_${index}`, value]));
  const job = jobWith({
    command: [program, fixture('programs/tell-arguments.ts'), received, ...NASTY],
    env,
    workingDirectory,
    logFile: join(home, 'log %h $HOME "q"'),
  });
  await putUnits(session, job);
  await session.run(['systemctl', '--user', 'start', '--no-block', SERVICE]);
  while (!existsSync(received)) {
    const { stdout } = await session.run(['systemctl', '--user', 'show', '-P', 'LoadState', '-P', 'Result', SERVICE]);
    // The program sends no READY=1, so the result may be `protocol`.
    if (!/^(success|protocol)\n+loaded$/.test(stdout.trim())) return t.fail(`the service has not started: ${stdout}`);
    await wait(RECHECK_MS);
  }
  const seen = JSON.parse(readFileSync(received, 'utf8')) as { args: string[]; env: object; cwd: string };
  t.deepEqual(seen.args, NASTY);
  t.like(seen.env, env);
  t.is(seen.cwd, workingDirectory);
  t.true(existsSync(job.logFile ?? ''));
});

test('a socket keeps listening through 40 starts of its agent', async (t) => {
  t.timeout(120_000);
  const home = join(await tempDir(t), 'home');
  const session = await startSystemd(t, home);
  if (session === undefined) return;
  // Node starts too slowly to reach systemd's default limits.
  const job = jobWith({ command: [findPython()?.path ?? 'python3', '-IS', fixture('programs/serve-one.py')] });
  const supervisor = await putUnits(session, job);
  await supervisor.load(job, supervisor.pathsOf(LABEL));
  const path = join(session.host.env.XDG_RUNTIME_DIR ?? '', `${LABEL}.sock`);
  const pids = new Set<string>();
  for (let lives = 0; lives < 40; lives += 1) pids.add(await text(connect(path)));
  t.is(pids.size, 40);
  t.true((await supervisor.status(LABEL)).listening);
});

async function putUnits({ host, run }: SystemdSession, job: Job) {
  const supervisor = createSystemd(host);
  for (const { path, text: unit } of supervisor.filesOf(job)) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, unit);
  }
  await run(['systemctl', '--user', 'daemon-reload']);
  return supervisor;
}
