/** `launchpool call` and `launchpool repl` as programs: their output and exit status. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { ENTRY, fixture, holdAgent } from '../../helpers/agent.ts';
import { type Finished, runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';

const launchpool = (args: readonly string[], input?: string | Uint8Array): Promise<Finished> =>
  runProgram([process.execPath, ENTRY, ...args], input === undefined ? {} : { input });

/** Long enough that a slow machine does not count as a wrong key. */
const LONG_HANDSHAKE = ['--handshake-timeout', '60'];

async function rpcSocket(t: ExecutionContext): Promise<string> {
  return (await holdAgent(t, fixture('agents/misbehaving.ts'))).socketPath;
}

async function echoSocket(t: ExecutionContext): Promise<string> {
  return (await holdAgent(t, fixture('agents/echo.ts'))).socketPath;
}

test('call prints the result as JSON', async (t) => {
  const { status, stdout, stderr } = await launchpool(['call', await rpcSocket(t), 'add', '1', '2']);
  t.is(stdout.toString(), '3\n');
  t.is(stderr, '');
  t.is(status, 0);
});

test('a dash stands for the JSON value on standard input', async (t) => {
  const socket = await rpcSocket(t);
  t.is((await launchpool(['call', socket, 'sync', '-'], '{"a":[1]}')).stdout.toString(), '{"a":[1]}\n');
  t.is((await launchpool(['call', socket, 'add', '--params', '-'], '[3,4]')).stdout.toString(), '7\n');
  t.is((await launchpool(['call', socket, 'count', '--params', '{"a":1}'])).stdout.toString(), '1\n');
});

test('--json prints one object with a result or an error', async (t) => {
  const socket = await rpcSocket(t);
  t.deepEqual(JSON.parse((await launchpool(['call', socket, 'add', '1', '2', '--json'])).stdout.toString()), {
    result: 3,
  });
  const failed = await launchpool(['call', socket, 'fail', '"no"', '--json']);
  t.like(JSON.parse(failed.stdout.toString()).error, { code: 'E_TEST', name: 'RangeError', message: 'no' });
  t.is(failed.status, 1);
});

test('--raw sends the argument or standard input unchanged, and writes the reply unchanged', async (t) => {
  const socket = await echoSocket(t);
  const bytes = Buffer.from([0, 255, 10, 128]);
  t.deepEqual((await launchpool(['call', socket, '--raw'], bytes)).stdout, bytes);
  t.is((await launchpool(['call', socket, '--raw', 'text'])).stdout.toString(), 'text');
});

test('the exit status depends on the error', async (t) => {
  const socket = await rpcSocket(t);
  const statusOf = async (...args: string[]): Promise<number | null> => (await launchpool(args)).status;
  t.is(await statusOf('call', socket, 'fail', '"no"'), 1);
  t.is(await statusOf('call', socket, 'nope'), 1);
  t.is(await statusOf('call', socket, 'add', 'not JSON'), 64);
  t.is(await statusOf('call', socket), 64);
  t.is(await statusOf('call', socket, 'add', '--nonsense'), 64);
  t.is(await statusOf('call', `${socket}.not.there`, 'add'), 69);
  t.is(await statusOf('call', 'no label', 'add'), 64);
  t.is(await statusOf('call', socket, 'slow', '5000', '--timeout', '0.1'), 75);
  t.is(await statusOf('call', socket, 'exit'), 1);
  t.is(await statusOf('nonsense'), 64);
  t.is(await statusOf(), 64);
  t.is(await statusOf('--help'), 0);
});

test('an error is printed with a hint on standard error only', async (t) => {
  const { stdout, stderr } = await launchpool(['call', '/not/there.sock', 'add']);
  t.is(stdout.toString(), '');
  t.regex(
    stderr,
    /^launchpool: cannot connect to \/not\/there\.sock: ENOENT \(ERR_LAUNCHPOOL_CONNECT_FAILED\)\n {2}\S/,
  );
});

test('the key is the content of the key file without one trailing newline', async (t) => {
  const folder = await tempDir(t);
  const key = async (name: string, content: string): Promise<string> => {
    await writeFile(join(folder, name), content, { mode: 0o600 });
    return join(folder, name);
  };
  const agentKey = await key('agent', ' secret \n');
  const { socketPath } = await holdAgent(t, fixture('agents/echo.ts'), ['--authkey-file', agentKey, ...LONG_HANDSHAKE]);
  const callWith = (file: string): Promise<Finished> =>
    launchpool(['call', socketPath, '--raw', 'x', '--authkey-file', file]);
  t.is((await callWith(await key('same', ' secret '))).stdout.toString(), 'x');
  t.is((await callWith(await key('other', ' secret \n\n'))).status, 77);
  t.is((await callWith(await key('empty', '\n'))).status, 64);
  t.is((await callWith(join(folder, 'missing'))).status, 64);
  t.is((await launchpool(['call', socketPath, '--raw', 'x'])).status, 77);
});

test('repl answers line by line, takes arguments that are not JSON as text, and continues after an error', async (t) => {
  const lines = 'add 1 2\nadd 3, 4\n\nsync hello world\nsync {"a": 1}\nfail no\ncount\n';
  const { status, stdout, stderr } = await launchpool(['repl', await rpcSocket(t)], lines);
  t.is(stdout.toString(), '3\n7\n"hello"\n{"a":1}\n0\n');
  t.regex(stderr, /^RangeError: no \(E_TEST\)/);
  t.is(status, 1);
});

test('repl --raw sends each line unchanged', async (t) => {
  const { status, stdout } = await launchpool(['repl', await echoSocket(t), '--raw'], 'one\n two \n\nümlaut\n');
  t.is(stdout.toString(), 'one\n two \n\nümlaut\n');
  t.is(status, 0);
});

test('repl connects again when the connection was closed in between', async (t) => {
  const held = await holdAgent(t, fixture('agents/misbehaving-raw.ts'));
  const { stdout, stderr, status } = await launchpool(['repl', held.socketPath, '--raw'], 'a\nthrow\nb\n');
  t.is(stdout.toString(), 'a\nb\n');
  t.regex(stderr, /ERR_LAUNCHPOOL_CONNECTION_CLOSED/);
  t.is(status, 1);
});

const streaming = fixture('agents/streaming.ts');

test('--stream prints the values of a stream, one a line', async (t) => {
  const { socketPath } = await holdAgent(t, streaming);
  const output = async (...args: string[]): Promise<[string, number | null]> => {
    const { stdout, status } = await launchpool(['call', socketPath, ...args]);
    return [stdout.toString(), status];
  };
  t.deepEqual(await output('count', '3', '--stream'), ['0\n1\n2\n', 0]);
  t.deepEqual(await output('count', '3'), ['[0,1,2]\n', 0]);
  t.deepEqual(await output('count', '1', '--stream', '--json'), ['{"item":0}\n{"result":"counted to 1"}\n', 0]);
  t.deepEqual(await output('letters', '--text-arg', 'a"', '--stream'), ['"a"\n"\\""\n', 0]);
  t.deepEqual(await output('letters', '--text-arg', 'a"', '--stream', '-r'), ['a\n"\n', 0]);
  t.deepEqual(await output('add', '1', '2', '--stream'), ['3\n', 0]);
  t.deepEqual(await output('failing', '2', '--stream'), ['0\n1\n', 1]);
  const [all] = await output('texts', '50000', '64', '--stream', '-r');
  t.is(all, Array.from({ length: 50_000 }, (_unused, index) => `${String(index).padStart(64, '.')}\n`).join(''));
});

test('when nothing reads the output any more, the call ends, and its stream', async (t) => {
  const { socketPath } = await holdAgent(t, streaming);
  const file = join(await tempDir(t), 'file');
  const script = '"$0" "$1" call "$2" endless --text-arg "$3" --stream | head -n 2';
  const { stdout, stderr } = await runProgram(['/bin/sh', '-c', script, process.execPath, ENTRY, socketPath, file]);
  t.is(stdout.toString(), '0\n1\n');
  t.is(stderr, '');
  await until(() => existsSync(file));
});

test('bytes go from a file or standard input to a method, and back to the output as they are', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/values.ts'));
  const file = join(await tempDir(t), 'bytes');
  const bytes = Buffer.from(Array.from({ length: 70_000 }, (_unused, index) => index % 256));
  await writeFile(file, bytes);
  const run = (args: string[], input?: string | Buffer): ReturnType<typeof launchpool> =>
    launchpool(['call', socketPath, ...args], input);
  t.deepEqual((await run(['echo', '--bytes-arg', file, '-r'])).stdout, bytes);
  t.deepEqual((await run(['echo', '--bytes-arg', '-', '--text'], bytes)).stdout, bytes);
  t.regex((await run(['shown', '1', '--bytes-arg', file])).stdout.toString(), /1,\\n {2}Uint8Array\(70000\)/);
  t.deepEqual((await run(['chunks', '3', '2', '--stream', '-r'])).stdout, Buffer.from([0, 0, 1, 1, 2, 2]));
  for (const args of [
    ['bytes', '3'],
    ['echo', '--bytes-arg', file],
    ['when', '1'],
    ['mixed', '3', '--stream', '-r'],
  ]) {
    const { status, stderr } = await run(args);
    t.true(status !== 0 && /Uint8Array|BigInt|getTime/.test(stderr), `${args}: ${status} ${stderr}`);
  }
  t.is((await run(['echo', '-', '--bytes-arg', '-'], 'x')).status, 64);
  t.is((await run(['echo', '--bytes-arg', `${file}.missing`])).status, 64);
});

test('text arguments come from the command line, from files and from standard input, and text is printed as it is', async (t) => {
  const socket = await rpcSocket(t);
  const file = join(await tempDir(t), 'messy ü.ts');
  const text = 'let a = "ü"\n\n';
  await writeFile(file, text);
  const output = async (args: string[], input?: string): Promise<string> =>
    (await launchpool(['call', socket, 'sync', ...args], input)).stdout.toString();
  t.is(await output([`@${file}`, '-r']), text);
  t.is(await output([`@${file}`]), `${JSON.stringify(text)}\n`);
  t.is(await output(['@-', '--text'], 'from input'), 'from input');
  t.is(await output(['--text-arg', '{"not":"JSON"'], ''), '"{\\"not\\":\\"JSON\\""\n');
  t.is(await output(['{"a":1}', '-r']), '{"a":1}\n');
  const refused = async (...args: string[]): Promise<[number | null, string]> => {
    const { status, stderr } = await launchpool(['call', socket, 'sync', ...args], 'x');
    return [status, stderr];
  };
  t.is((await refused(`@${file}.not.there`))[0], 64);
  t.regex((await refused(`@${file}.not.there`))[1], /not\.there cannot be read: ENOENT/);
  t.is((await refused('@-', '-'))[0], 64);
  t.is((await refused('--raw', '--stream'))[0], 64);
  await writeFile(file, Buffer.from([0xff]));
  t.regex((await refused(`@${file}`))[1], /is not UTF-8 text/);
});
