/** `launchpool top` on a terminal, in a pipe, and with --json. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import test, { type ExecutionContext } from 'ava';
import { connect } from '../../../src/client/index.ts';
import { ENTRY, fixture, holdAgent } from '../../helpers/agent.ts';
import { type ControlServer, serveControl, statusOf } from '../../helpers/control-server.ts';
import { notTested } from '../../helpers/not-tested.ts';
import { runProgram } from '../../helpers/program.ts';
import { findPython } from '../../helpers/pythons.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** Counts 100 ms and ten requests more in each answer. */
function countingAgent(t: ExecutionContext): Promise<ControlServer> {
  let answers = 0;
  return serveControl(t, {
    status() {
      answers += 1;
      const counters = { ...statusOf().counters, done: 10 * answers };
      return statusOf({ uptimeMs: 100 * answers, counters });
    },
  });
}

test('in a pipe, each observation of an agent is a line, with rates from the second one on', async (t) => {
  const { socketPath } = await countingAgent(t);
  const child = spawn(process.execPath, [ENTRY, 'top', socketPath, '--interval', '0.1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  let lines: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(line);
    // Only once: a second SIGINT would kill it. Lines without figures are observations that timed out.
    if (/\d requests/.test(line) && !child.killed) child.kill('SIGINT');
  }
  t.deepEqual(await ended, [0, null]);
  lines = lines.filter((line) => line.includes('running'));
  t.true(lines.every((line) => line.startsWith(`${socketPath}  running · exits in 42 s · `)));
  t.regex(
    lines[0] ?? '',
    / · – requests\/s · 7 under way · 4 waiting · p50 250 µs · p99 12.5 ms · threads 0% 100% · 64 MiB/,
  );
  t.regex(lines.at(-1) ?? '', / · 100 requests\/s · /);
  t.false(lines.join('').includes('\x1b'));
});

test('it ends when the reader closes the pipe', async (t) => {
  const { socketPath } = await countingAgent(t);
  const child = spawn(process.execPath, [ENTRY, 'top', socketPath, '--interval', '0.1', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  child.stdout.destroy();
  t.deepEqual(await ended, [0, null]);
});

test('--once asks once, and --json prints an object', async (t) => {
  const { socketPath } = await countingAgent(t);
  const { status, stdout } = await runProgram([process.execPath, ENTRY, 'top', socketPath, '--once', '--json']);
  t.is(status, 0);
  const { time, agents } = JSON.parse(stdout.toString());
  t.true(Date.parse(time) > 0);
  t.like(agents, { length: 1 });
  t.like(agents[0], { name: socketPath, state: 'running', pid: 4711, underWay: 7, p99Ms: 12.5, utilisation: [0, 1] });
});

test('an agent without a process is not started, and is shown running when another client starts it', async (t) => {
  const held = await holdAgent(t, fixture('agents/misbehaving.ts'), ['--idle', '0']);
  const child = spawn(process.execPath, [ENTRY, 'top', held.socketPath, '--interval', '0.1', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGTERM'));
  const states: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    states.push(JSON.parse(line).agents[0].state);
    if (states.length === 3) {
      t.false(held.events.some(({ event }) => event === 'started'));
      const agent = await connect<{ add(a: number, b: number): number }>(held.socketPath);
      t.is(await agent.add(1, 2), 3);
    }
    if (states.at(-1) === 'running') break;
  }
  t.deepEqual(states.slice(0, 3), ['no-process', 'no-process', 'no-process']);
  t.is(held.events.filter(({ event }) => event === 'started').length, 1);
});

test('without agents it says so; an unknown label and an invalid interval are errors', async (t) => {
  const home = await tempDir(t);
  const env = { ...process.env, HOME: home, XDG_DATA_HOME: home };
  const top = (...args: string[]) => runProgram([process.execPath, ENTRY, 'top', ...args], { env });
  t.like(await top('--once'), { status: 0, stderr: '' });
  t.is((await top('--once')).stdout.toString(), 'No agent is installed.\n');
  t.is((await top('com.example.none', '--once')).status, 66);
  t.is((await top('--once', '--interval', 'soon')).status, 64);
  t.is((await top('no label', '--once')).status, 64);
});

const python = findPython();
for (const [name, keys] of [
  ['q', 'q'],
  ['Ctrl-C', '\\x03'],
] as const) {
  test(`on a terminal, the table is drawn in place until ${name} is pressed, and the cursor is restored`, async (t) => {
    if (python === undefined) return notTested(t, 'Python is not installed');
    const { socketPath } = await countingAgent(t);
    const { status, stdout } = await runProgram([
      ...[python.path, fixture('python/in_terminal.py'), keys, '▁█', '3'],
      ...[process.execPath, ENTRY, 'top', socketPath, '--interval', '0.1'],
    ] as [string, ...string[]]);
    const shown = stdout.toString();
    t.is(status, 0, shown);
    t.true(shown.startsWith('\x1b[?25l'));
    t.regex(shown, /AGENT +STATE +EXITS IN +REQ\/S/);
    // Each drawing but the first moves the cursor up by the number of lines.
    t.true(shown.split('\x1b[2A\r').length >= 3);
    t.true(shown.endsWith('\x1b[?25h\nSAME TERMINAL'), shown.slice(-200));
  });
}
