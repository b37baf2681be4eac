/** `launchpool logs` with a log file. test/src/control/logs.test.ts tests the journal. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, rename, writeFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import { ENTRY } from '../../../helpers/agent.ts';
import { recordInstalled } from '../../../helpers/install-record.ts';
import { runProgram } from '../../../helpers/program.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { needTool } from '../../../helpers/tools.ts';

const LABEL = 'com.example.logs';

type Bench = { env: NodeJS.ProcessEnv; logFile: string };

const line = (msg: string): string => `${JSON.stringify({ level: 30, time: 1_700_000_000_000, pid: 7, msg })}\n`;

async function recorded(t: ExecutionContext, text: string): Promise<Bench | undefined> {
  if (needTool(t, 'tail') === undefined) return undefined;
  const home = await tempDir(t);
  const { logFile } = recordInstalled(LABEL, { home, env: {} }, (layout) => ({ logFile: layout.logFile }));
  await writeFile(logFile, text);
  return { env: { PATH: process.env.PATH, HOME: home }, logFile };
}

const launchpool = (env: NodeJS.ProcessEnv, ...args: string[]) =>
  runProgram([process.execPath, ENTRY, ...args], { env });

test('JSON lines are formatted, and other lines stay unchanged', async (t) => {
  const bench = await recorded(t, `${line('listening')}a line of the module\n`);
  if (bench === undefined) return;
  const { status, stdout, stderr } = await launchpool(bench.env, 'logs', LABEL);
  t.deepEqual([status, stderr], [0, '']);
  t.regex(stdout.toString(), /^\[\d\d-\d\d \d\d:\d\d:\d\d\.000\] INFO: listening\na line of the module\n$/);
});

test('--json prints the lines unchanged', async (t) => {
  const text = `${line('listening')}a line of the module\n`;
  const bench = await recorded(t, text);
  if (bench === undefined) return;
  const { status, stdout } = await launchpool(bench.env, 'logs', LABEL, '--json');
  t.deepEqual([status, stdout.toString()], [0, text]);
});

for (const flags of [[], ['--json']]) {
  test(`all requested lines of a long log are printed ${flags.join('')}`, async (t) => {
    const bench = await recorded(t, Array.from({ length: 20_000 }, (_, n) => line(`number ${n}`)).join(''));
    if (bench === undefined) return;
    const { status, stdout } = await launchpool(bench.env, 'logs', LABEL, '-n', '15000', ...flags);
    const lines = stdout.toString().trimEnd().split('\n');
    t.deepEqual([status, lines.length], [0, 15_000]);
    t.regex(lines[0] ?? '', /number 5000\b/);
    t.regex(lines.at(-1) ?? '', /number 19999\b/);
  });
}

test('the default is a hundred lines, and -n 0 prints none', async (t) => {
  const bench = await recorded(t, Array.from({ length: 200 }, (_, n) => line(`${n}`)).join(''));
  if (bench === undefined) return;
  t.is((await launchpool(bench.env, 'logs', LABEL)).stdout.toString().trimEnd().split('\n').length, 100);
  t.is((await launchpool(bench.env, 'logs', LABEL, '-n', '0')).stdout.length, 0);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`--follow prints new lines, also after a rotation, and ends on ${signal} with 0`, async (t) => {
    const bench = await recorded(t, line('before'));
    if (bench === undefined) return;
    const { env, logFile } = bench;
    // A process group of its own, as in a terminal, where Ctrl-C goes to the whole group.
    const child = spawn(process.execPath, [ENTRY, 'logs', LABEL, '-f'], { env, detached: true, stdio: 'pipe' });
    const closed = once(child, 'close');
    t.teardown(() => child.kill('SIGKILL'));
    let seen = '';
    child.stdout.on('data', (chunk) => {
      seen += chunk;
    });
    const sees = async (text: string): Promise<void> => {
      while (!seen.includes(text)) await once(child.stdout, 'data');
    };
    await sees('before');
    await appendFile(logFile, line('after'));
    await sees('after');
    await rename(logFile, `${logFile}.1`);
    await writeFile(logFile, line('rotated'));
    await sees('rotated');
    if (signal === 'SIGINT') process.kill(-(child.pid as number), signal);
    else child.kill(signal);
    t.deepEqual(await closed, [0, null]);
  });
}

test('a reader that closes the pipe is no error', async (t) => {
  const bench = await recorded(t, Array.from({ length: 20_000 }, (_, n) => line(`number ${n}`)).join(''));
  if (bench === undefined) return;
  const command = '"$0" "$1" logs "$2" -n 20000 | head -n 1';
  const { status, stdout, stderr } = await runProgram(['/bin/sh', '-c', command, process.execPath, ENTRY, LABEL], {
    env: bench.env,
  });
  t.deepEqual([status, stderr], [0, '']);
  t.regex(stdout.toString(), /number 0\n$/);
});

test('a missing log, an agent that is not installed, and an invalid number are errors', async (t) => {
  const bench = await recorded(t, '');
  if (bench === undefined) return;
  await rename(bench.logFile, `${bench.logFile}.1`);
  const withoutLog = await launchpool(bench.env, 'logs', LABEL);
  t.is(withoutLog.status, 69);
  t.regex(withoutLog.stderr, /agent\.log/);
  const notInstalled = await launchpool(bench.env, 'logs', 'com.example.missing');
  t.is(notInstalled.status, 66);
  t.regex(notInstalled.stderr, /ERR_LAUNCHPOOL_NOT_INSTALLED/);
  t.is((await launchpool(bench.env, 'logs', LABEL, '-n', 'x')).status, 64);
});
