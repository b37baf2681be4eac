/** The agent under systemd's own socket activation. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { connect as connectSocket, type NetConnectOpts } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { connect } from '../../src/client/index.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import { encodeFrame, encodeTextFrame } from '../../wire/frame.ts';
import { createFrameReader } from '../../wire/frame-reader.ts';
import { forEachFrame } from '../../wire/frame-walk.ts';
import { createHandshake } from '../../wire/handshake.ts';
import { ENTRY, fixture } from '../helpers/agent.ts';
import { receiveNotifications } from '../helpers/notify-receiver.ts';
import { freePort } from '../helpers/ports.ts';
import { type Running, startProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { needTool } from '../helpers/tools.ts';

type Supervised = typeof import('../fixtures/agents/supervised.ts');
type Control = { ping(): string; status(): { pid: number; state: string; connectionsServed: number } };

const TOOL = 'systemd-socket-activate';

/** Resolves when all addresses are listened on; undefined if the tool is missing. */
async function activate(
  t: ExecutionContext,
  addresses: readonly string[],
  { flags = [], agentFlags = [] }: { flags?: readonly string[]; agentFlags?: readonly string[] } = {},
): Promise<Running | undefined> {
  const tool = needTool(t, TOOL);
  if (tool === undefined) return undefined;
  const agent = [process.execPath, ENTRY, 'run', fixture('agents/supervised.ts'), ...agentFlags];
  const listeners = addresses.flatMap((address) => ['-l', address]);
  // The tool passes on only the variables that it is given.
  const running = startProgram(t, [tool, ...listeners, ...flags, '-E', 'PATH', '-E', 'HOME', ...agent]);
  await running.stderr(new RegExp(`(Listening on .*\\s+){${addresses.length}}`));
  return running;
}

async function pidAt(path: string): Promise<number> {
  await using agent = await connect<Supervised>(path);
  return await agent.pid();
}

/** Sends one request over any kind of socket, and reads to the end of the connection. */
async function ask(address: NetConnectOpts, question: string): Promise<string[]> {
  const socket = connectSocket(address);
  socket.end(encodeTextFrame(question));
  const answers: string[] = [];
  forEachFrame(await buffer(socket), (payload) => answers.push(payload.toString('utf8')));
  return answers;
}

const KEY = 'secret';

async function keyFile(t: ExecutionContext): Promise<string> {
  const path = join(await tempDir(t), 'key');
  writeFileSync(path, KEY, { mode: 0o600 });
  return path;
}

/** Like ask(), after the handshake; the result includes the messages of the handshake. */
async function askWithKey(address: NetConnectOpts, question: string): Promise<string[]> {
  const socket = connectSocket(address);
  const handshake = createHandshake({ role: 'client', authkey: Buffer.from(KEY) });
  const reader = createFrameReader({ maxRunFrames: 1 });
  const received: string[] = [];
  let done = false;
  socket.on('data', (chunk: Buffer) =>
    reader.push(chunk, (run) =>
      forEachFrame(run, (payload) => {
        received.push(payload.toString('utf8'));
        if (done) return;
        const step = handshake.receive(payload);
        for (const message of step.send) socket.write(encodeFrame(message));
        done = step.done;
        if (done) socket.end(encodeTextFrame(question));
      }),
    ),
  );
  await once(socket, 'close');
  return received;
}

test('the first connection starts the agent, and gets its reply', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  const running = await activate(t, [path], { flags: ['--fdname=agent'] });
  if (running === undefined) return;
  t.is(await pidAt(path), running.pid);
  t.is(await pidAt(path), running.pid);
});

test('systemd is notified when the agent is ready, if it asks for it', async (t) => {
  const folder = await tempDir(t);
  const path = join(folder, 'a.sock');
  const address = join(folder, 'notify');
  const receiver = await receiveNotifications(t, address);
  const running = await activate(t, [path], { flags: ['--fdname=agent', '-E', `NOTIFY_SOCKET=${address}`] });
  if (running === undefined) return;
  t.is(await pidAt(path), running.pid);
  await receiver.stderr(/^READY=1$/m);
});

test('an idle agent exits with status 0, and leaves the path in place', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  const running = await activate(t, [path], {
    flags: ['--fdname=agent'],
    agentFlags: ['--idle', '0.1', '--min-uptime', '0'],
  });
  if (running === undefined) return;
  await pidAt(path);
  t.is(await running.ended, 0);
  t.true(existsSync(path));
});

test("a second socket named control is the agent's control socket", async (t) => {
  const folder = await tempDir(t);
  const [path, controlPath] = [join(folder, 'a.sock'), join(folder, 'c.sock')];
  const running = await activate(t, [path, controlPath], { flags: ['--fdname=agent:control'] });
  if (running === undefined) return;
  const agent = await connect<Supervised>(path);
  const control = await connect<Control>(controlPath);
  t.is(await agent.pid(), running.pid);
  t.is(await control.ping(), 'pong');
  t.like(await control.status(), { pid: running.pid, state: 'running', connectionsServed: 1 });
});

test('a socket without a name is for requests', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  const running = await activate(t, [path]);
  if (running === undefined) return;
  t.is(await pidAt(path), running.pid);
});

test('several sockets of one name are all served', async (t) => {
  const folder = await tempDir(t);
  const paths = ['a.sock', 'b.sock', 'c.sock'].map((name) => join(folder, name));
  const running = await activate(t, paths, { flags: ['--fdname=agent:agent:agent'] });
  if (running === undefined) return;
  t.deepEqual(await Promise.all(paths.map(pidAt)), [running.pid, running.pid, running.pid]);
});

test('a TCP socket is served like a UNIX socket, for clients with the key', async (t) => {
  const port = await freePort('127.0.0.1');
  const agentFlags = ['--authkey-file', await keyFile(t), '--handshake-timeout', '60'];
  const running = await activate(t, [`127.0.0.1:${port}`], { flags: ['--fdname=agent'], agentFlags });
  if (running === undefined) return;
  const answers = await askWithKey({ port, host: '127.0.0.1' }, '{"jsonrpc":"2.0","id":1,"method":"pid"}');
  t.is(answers.at(-1), `{"jsonrpc":"2.0","id":1,"result":${running.pid}}`);
});

test('a TCP socket without a key is refused, and waiting clients get the error', async (t) => {
  const port = await freePort('127.0.0.1');
  const running = await activate(t, [`127.0.0.1:${port}`], { flags: ['--fdname=agent'] });
  if (running === undefined) return;
  const [answer = ''] = await ask({ port, host: '127.0.0.1' }, '{"jsonrpc":"2.0","id":1,"method":"pid"}');
  t.like(JSON.parse(answer).error.data, { code: 'ERR_LAUNCHPOOL_SOCKET_UNSAFE' });
  t.is(await running.ended, 78);
});

test('a TCP socket on all interfaces is refused, with or without a key', async (t) => {
  const port = await freePort('127.0.0.1');
  const agentFlags = ['--authkey-file', await keyFile(t), '--handshake-timeout', '60'];
  const running = await activate(t, [`0.0.0.0:${port}`], { flags: ['--fdname=agent'], agentFlags });
  if (running === undefined) return;
  const answers = await askWithKey({ port, host: '127.0.0.1' }, '{"jsonrpc":"2.0","id":1,"method":"pid"}');
  t.like(JSON.parse(answers.at(-1) ?? '').error.data, { code: 'ERR_LAUNCHPOOL_SOCKET_UNSAFE' });
  t.is(await running.ended, 78);
});

test('a control socket over TCP is refused, because it has no handshake', async (t) => {
  const [port, path] = [await freePort('127.0.0.1'), join(await tempDir(t), 'a.sock')];
  const agentFlags = ['--authkey-file', await keyFile(t), '--handshake-timeout', '60'];
  const running = await activate(t, [path, `127.0.0.1:${port}`], { flags: ['--fdname=agent:control'], agentFlags });
  if (running === undefined) return;
  const answers = await askWithKey({ path }, '{"jsonrpc":"2.0","id":1,"method":"pid"}');
  t.like(JSON.parse(answers.at(-1) ?? '').error.data, { code: 'ERR_LAUNCHPOOL_SOCKET_UNSAFE' });
  t.is(await running.ended, 78);
});

for (const [mode, isOpen] of [
  [0o755, true],
  [0o700, false],
] as const) {
  const what = `a socket that others can write to, in a folder of mode ${mode.toString(8)}`;
  test(`${what}, is ${isOpen ? 'refused, and waiting clients get the error' : 'accepted'}`, async (t) => {
    const folder = await tempDir(t);
    const path = join(folder, 'a.sock');
    const running = await activate(t, [path], { flags: ['--fdname=agent'] });
    if (running === undefined) return;
    chmodSync(path, 0o666);
    chmodSync(folder, mode);
    await using agent = await connect<Supervised>(path);
    if (!isOpen) return t.is(await agent.pid(), running.pid);
    const error = await t.throwsAsync<LaunchpoolError>(agent.pid(), { code: 'ERR_LAUNCHPOOL_SOCKET_UNSAFE' });
    t.regex(error.hint ?? '', /SocketMode=0600/);
    t.is(await running.ended, 78);
  });
}

test('no variable of systemd reaches a handler', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  const variables = ['NOTIFY_SOCKET=/n', 'WATCHDOG_USEC=1000000', 'KEPT=1'].flatMap((variable) => ['-E', variable]);
  const running = await activate(t, [path], { flags: ['--fdname=agent', ...variables] });
  if (running === undefined) return;
  await using agent = await connect<Supervised>(path);
  const names = await agent.environment();
  t.true(names.includes('KEPT'));
  t.deepEqual(
    names.filter((name) => /^(LISTEN|NOTIFY|WATCHDOG)_/.test(name)),
    [],
  );
});

test('a control socket alone is a configuration error', async (t) => {
  const path = join(await tempDir(t), 'c.sock');
  const running = await activate(t, [path], { flags: ['--fdname=control'] });
  if (running === undefined) return;
  t.deepEqual(await ask({ path }, '').catch(() => []), []);
  t.is(await running.ended, 78);
  t.regex(await running.stderr(/ERR_LAUNCHPOOL/), /no socket for requests.*ERR_LAUNCHPOOL_SUPERVISOR_INVALID/);
});

test('a datagram socket is a configuration error', async (t) => {
  const port = await freePort('127.0.0.1');
  const running = await activate(t, [`127.0.0.1:${port}`], { flags: ['--datagram'] });
  if (running === undefined) return;
  const sender = createSocket('udp4');
  t.teardown(() => sender.close());
  sender.send('a datagram', port, '127.0.0.1');
  t.is(await running.ended, 78);
  t.regex(await running.stderr(/ERR_LAUNCHPOOL/), /descriptor 3.*ERR_LAUNCHPOOL_SUPERVISOR_INVALID/);
});

test('a connection in place of a listening socket is a configuration error', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  const running = await activate(t, [path], { flags: ['--accept'] });
  if (running === undefined) return;
  t.deepEqual(await ask({ path }, '').catch(() => []), []);
  t.regex(await running.stderr(/ERR_LAUNCHPOOL/), /descriptor 3.*ERR_LAUNCHPOOL_SUPERVISOR_INVALID/);
});
