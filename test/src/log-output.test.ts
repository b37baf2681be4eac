/** The output of the log: nothing waits for a reader that has stopped, and what is dropped is counted. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createLogOutput, type LogOutput, type Sink } from '../../src/log-output.ts';
import { runProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';

type Reader = { output: LogOutput; text: () => string; dropped: number[]; room: (bytes: number) => void };

/** An output of 100 waiting bytes, and a reader that takes `room` bytes. */
function readerWith(room: number): Reader {
  const chunks: Buffer[] = [];
  const sink: Sink = (bytes) => {
    const count = Math.min(room, bytes.length);
    room -= count;
    chunks.push(Buffer.from(bytes.subarray(0, count)));
    return count;
  };
  const output = createLogOutput(() => sink, 100);
  const dropped: number[] = [];
  output.onDropped = (lines) => dropped.push(lines);
  const text = (): string => Buffer.concat(chunks).toString('utf8');
  return {
    output,
    text,
    dropped,
    room(bytes) {
      room = bytes;
    },
  };
}

test('lines that the reader takes are written at once', (t) => {
  const { output, text, dropped } = readerWith(1_000);
  output.write('one\n');
  output.write(Buffer.from('two\n'));
  t.deepEqual([text(), dropped], ['one\ntwo\n', []]);
});

test('lines wait in order up to the limit; further ones are dropped, counted and reported once the rest is written', async (t) => {
  const { output, text, dropped, room } = readerWith(6);
  for (let line = 0; line < 50; line += 1) output.write(`line ${line}\n`);
  output.write('several\nlines\nin one\nand more than there is room for'.padEnd(120, '.'));
  t.is(text(), 'line 0');
  room(10_000);
  await until(() => dropped.length > 0);
  const lines = text().trimEnd().split('\n');
  t.deepEqual(
    lines,
    Array.from({ length: lines.length }, (_, index) => `line ${index}`),
  );
  t.true(text().length <= 6 + 1 + 100);
  t.deepEqual(dropped, [50 - lines.length + 3]);
});

test('a line that is written in part gets an end, though it is longer than all that may wait', async (t) => {
  const { output, text, dropped, room } = readerWith(10);
  output.write(`${'x'.repeat(1_000)}\n`);
  room(10_000);
  await until(() => dropped.length > 0);
  output.write('next\n');
  t.is(text(), `${'x'.repeat(10 + 99)}\nnext\n`);
});

test('an output whose reader is gone takes everything; one with another error keeps what may wait', (t) => {
  const failing = (code: string): string[] => {
    const calls: string[] = [];
    const output = createLogOutput(
      () => (bytes) => {
        calls.push(String(bytes.length));
        throw Object.assign(new Error(code), { code });
      },
      100,
    );
    output.write('one\n');
    output.write('three\n');
    return calls;
  };
  t.deepEqual(failing('EPIPE'), ['4', '6']);
  t.deepEqual(failing('ENOSPC'), ['4']);
});

const url = new URL('../../src/log.ts', import.meta.url).href;

/** Writes 4 MiB of lines, and as many through the console of a thread, and reports that it still runs. */
const FLOOD = `
  import { createLog } from ${JSON.stringify(url)};
  import { Worker } from 'node:worker_threads';
  const log = createLog({ level: 'info', pretty: false });
  await log.open();
  for (let line = 0; line < 4_096; line += 1) log.info({ line, text: 'x'.repeat(1024) }, 'flood');
  const flood = "for (let line = 0; line < 4_096; line += 1) console.error('y'.repeat(1024))";
  new Worker(flood, { eval: true }).stderr.once('end', () => setImmediate(() => process.send('alive')));
  process.on('message', () => process.exit(0));
  process.on('disconnect', () => process.exit(1));`;

const NODE = ['--input-type=module', '--eval', FLOOD];

/** The lines that are not whole, or not of the program, and the number of lines and of lines that were dropped. */
function summaryOf(text: string): { wrong: string[]; lines: number; dropped: number } {
  const lines = text.split('\n').filter((line) => line !== '');
  const reports = lines.filter((line) => line.includes('log-lines-dropped')).map((line) => JSON.parse(line).lines);
  const isWhole = (line: string): boolean => /^y{1024}$/.test(line) || (line.startsWith('{') && line.endsWith('}'));
  return {
    wrong: lines.filter((line) => !isWhole(line)),
    lines: lines.length - reports.length,
    dropped: reports.reduce((sum, count) => sum + count, 0),
  };
}

async function expectFlood(t: ExecutionContext, child: ChildProcess, readAll: () => string): Promise<void> {
  t.deepEqual((await once(child, 'message'))[0], 'alive');
  await until(() => /log-lines-dropped.*\n/.test(readAll()));
  child.send('exit');
  const [status] = await once(child, 'exit');
  t.is(status, 0);
  const { wrong, lines, dropped } = summaryOf(readAll());
  t.deepEqual(wrong, []);
  t.true(dropped > 4_096, String(dropped));
  t.is(lines + dropped, 8_192);
}

test('a socket whose reader has stopped, such as that of journald, stops nothing', async (t) => {
  // Node connects a child process by sockets.
  const child = spawn(process.execPath, NODE, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  t.teardown(() => child.kill('SIGKILL'));
  let text = '';
  await once(child, 'spawn');
  const alive = once(child, 'message');
  child.once('message', () => {
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  });
  await alive;
  await until(() => /log-lines-dropped.*\n/.test(text));
  child.send('exit');
  t.is((await once(child, 'close'))[0], 0);
  const { wrong, lines, dropped } = summaryOf(text);
  t.deepEqual([wrong, lines + dropped], [[], 8_192]);
});

if (process.platform === 'linux') {
  test('a pipe whose reader has stopped stops nothing, and every line is written or counted', async (t) => {
    const pipe = join(await tempDir(t), 'pipe');
    await runProgram(['mkfifo', pipe]);
    const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    t.teardown(() => closeSync(reader));
    const child = spawn('/bin/sh', ['-c', 'exec "$@" > "$0" 2>&1', pipe, process.execPath, ...NODE], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    let text = '';
    const part = Buffer.alloc(1024 * 1024);
    await expectFlood(t, child, () => {
      try {
        for (let bytes = -1; bytes !== 0; text += part.toString('utf8', 0, bytes)) bytes = readSync(reader, part);
      } catch {
        // EAGAIN: the pipe is empty.
      }
      return text;
    });
  });
}
