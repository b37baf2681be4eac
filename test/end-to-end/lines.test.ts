/** Newline-delimited JSON, as nc and socat send it. */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { fixture, holdAgent } from '../helpers/agent.ts';
import { notTested } from '../helpers/not-tested.ts';
import { runProgram } from '../helpers/program.ts';
import { sharedAgent } from '../helpers/shared-agent.ts';
import { findTool } from '../helpers/tools.ts';

const streaming = sharedAgent(fixture('agents/streaming.ts'), () => ['--threads', '1', '--max-frame', '100000']);
const call = (id: number, method: string, params: unknown[], more: object = {}): string =>
  JSON.stringify({ jsonrpc: '2.0', id, method, params, ...more });

/** What the agent answers to this, until it has ended its side. */
async function answersTo(path: string, input: string | Buffer, chunk = Number.POSITIVE_INFINITY): Promise<string> {
  const socket = createConnection({ path, allowHalfOpen: true });
  await once(socket, 'connect');
  const bytes = Buffer.from(input);
  for (let at = 0; at < bytes.length; at += chunk) {
    socket.write(bytes.subarray(at, at + chunk));
    if (chunk < bytes.length) await new Promise(setImmediate);
  }
  socket.end();
  return text(socket);
}

test('a request a line gets a reply a line; the last one needs no newline', async (t) => {
  const path = await streaming();
  const input = `${call(1, 'add', [1, 2])}\n\r\n\n${call(2, 'add', [3, 4])}`;
  for (const chunk of [1, 7, 1_000]) {
    const lines = (await answersTo(path, input, chunk)).split('\n');
    t.deepEqual(lines.toSorted(), ['', '{"jsonrpc":"2.0","id":1,"result":3}', '{"jsonrpc":"2.0","id":2,"result":7}']);
  }
});

test('a batch, a stream and an error are lines too', async (t) => {
  const path = await streaming();
  t.is(await answersTo(path, `[${call(1, 'add', [1, 2])}]\n`), '[{"jsonrpc":"2.0","id":1,"result":3}]\n');
  const lines = (await answersTo(path, `${call(1, 'count', [2], { stream: true })}\n`)).trim().split('\n');
  const messages = lines.map((line) => JSON.parse(line));
  t.deepEqual(messages.pop(), { jsonrpc: '2.0', id: 1, result: 'counted to 2' });
  // On a machine that is busy, they come in more than one.
  t.deepEqual(
    messages.flatMap(({ params }) => params.values),
    [0, 1],
  );
  t.regex(await answersTo(path, '{"jsonrpc":"2.0",\n'), /^\{"jsonrpc":"2.0","id":null,"error":\{"code":-32700.*\n$/);
  // Spaces before the first line are no line: they are the header of a frame.
  t.is(await answersTo(path, `{}\n ${call(1, 'add', [1, 2])}\n`).then((out) => out.split('\n').length), 3);
});

test('a line that is too long gets an error behind the replies to those before it', async (t) => {
  const path = await streaming();
  for (const end of ['', '\n']) {
    const out = await answersTo(path, `${call(1, 'add', [1, 2])}\n{"a":"${'x'.repeat(100_000)}"}${end}`, 10_000);
    const [first, second, rest] = out.split('\n');
    t.is(first, '{"jsonrpc":"2.0","id":1,"result":3}');
    t.is(JSON.parse(second ?? '').error.data.code, 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE');
    t.is(rest, '');
  }
});

test('a long line arrives whole', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/misbehaving.ts'));
  const value = 'ü'.repeat(1_000_000);
  const out = await answersTo(socketPath, `${call(1, 'sync', [value])}\n`, 65_536);
  t.is(JSON.parse(out).result, value);
});

test('a raw agent, and an agent with so long a --max-frame that a frame may begin so, read frames', async (t) => {
  const raw = await holdAgent(t, fixture('agents/echo.ts'), ['--max-frame', '1000']);
  t.is(await answersTo(raw.socketPath, '{"a":1}\n'), '');
  const { socketPath } = await holdAgent(t, fixture('agents/misbehaving.ts'), ['--max-frame', String(0x5b00_0000)]);
  // 1.9 GiB are announced.
  const out = Buffer.from(await answersTo(socketPath, `${call(1, 'add', [1, 2])}\n`));
  t.regex(out.subarray(4).toString(), /ERR_LAUNCHPOOL_FRAME_TOO_LARGE/);
});

for (const [tool, args] of [
  ['nc', (path: string) => ['-w', '5', '-U', path]],
  ['socat', (path: string) => ['-t', '60', '-', `UNIX-CONNECT:${path}`]],
] as const) {
  test(`${tool} calls a method`, async (t) => {
    const program = findTool(tool);
    if (program === undefined) return notTested(t, `${tool} is not installed`);
    // That of Debian's netcat-traditional has no sockets with paths.
    if (tool === 'nc' && !(await runProgram([program, '-h'])).stderr.includes('U'))
      return notTested(t, 'nc has no option -U');
    const path = await streaming();
    // It runs, so that the tool need not wait for its start.
    await answersTo(path, call(1, 'add', [1, 2]));
    const { stdout } = await runProgram([program, ...args(path)], { input: `${call(1, 'add', [1, 2])}\n` });
    t.is(stdout.toString(), '{"jsonrpc":"2.0","id":1,"result":3}\n');
  });
}
