/** An agent whose log has no reader, and one whose module floods its log file. */
import { closeSync, constants, openSync, readSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { close, connect } from '../../src/client/index.ts';
import { connectRpc } from '../../src/client/rpc.ts';
import { activate } from '../helpers/activator.ts';
import { ENTRY, fixture } from '../helpers/agent.ts';
import { runProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

type Contained = typeof import('../fixtures/agents/contained.ts');

test('a log whose reader has stopped delays neither clients, nor the control socket, nor SIGTERM', async (t) => {
  const pipe = join(await tempDir(t), 'pipe');
  await runProgram(['mkfifo', pipe]);
  // Holds the pipe open, and reads nothing.
  const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
  t.teardown(() => closeSync(reader));
  const run = [process.execPath, ENTRY, 'run', fixture('agents/contained.ts'), '--threads', '2'];
  const held = await activate(t, ['/bin/sh', '-c', 'exec "$@" > "$0" 2>&1', pipe, ...run]);
  const agent = await connect<Contained>(held.socketPath);
  // Before and after the log is open: its first lines wait for 100 ms.
  t.is(await agent.floods(20_000), 20_000);
  t.is(await agent.add(1, 2), 3);
  t.is(await agent.floods(20_000), 20_000);
  t.is(await agent.add(3, 4), 7);
  const control = await connectRpc(held.controlPath);
  t.like(await control.call('status', []), { state: 'running' });
  control.close();
  let text = '';
  let rounds = 0;
  const part = Buffer.alloc(1024 * 1024);
  await until(async () => {
    // Much more than may wait, while nothing is read: a reader that keeps up loses no line. The report comes when nothing waits
    // any more, which takes a second: the next flood must not come before.
    rounds += 1;
    if (rounds % 1_000 === 1) for (let flood = 0; flood < 4; flood += 1) await agent.floods(20_000);
    try {
      // The end is enough: the report may come in two reads.
      text = text.slice(-1024) + part.toString('utf8', 0, readSync(reader, part));
    } catch {
      // EAGAIN: the pipe is empty.
    }
    return /"lines":\d+,"msg":"log-lines-dropped"/.test(text);
  });
  t.is(await agent.floods(20_000), 20_000);
  await close(agent);
  const { pid } = await held.reached('started', 1);
  process.kill(pid, 'SIGTERM');
  t.is((await held.reached('left', 1)).pid, pid);
});

test('a flood of lines makes no log file much larger than 10 MiB', async (t) => {
  const folder = await tempDir(t);
  const logFile = join(folder, 'agent.log');
  const module = join(folder, 'flood.mjs');
  writeFileSync(logFile, '');
  writeFileSync(
    module,
    `export function flood(lines) {
       for (let line = 0; line < lines; line += 1) console.log('x'.repeat(8191));
       return lines;
     }`,
  );
  const held = await activate(t, [process.execPath, ENTRY, 'run', module, '--log-file', logFile], { logFile });
  const agent = await connect<{ flood(lines: number): number }>(held.socketPath);
  const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  // The log is rotated from the first 100 ms on: the oldest file may be larger.
  await until(async () => (await agent.flood(400)) === 400 && sizeOf(`${logFile}.3`) > 0);
  for (const path of [logFile, `${logFile}.1`, `${logFile}.2`]) t.true(sizeOf(path) <= 11.5 * 1024 * 1024, path);
  await close(agent);
});
