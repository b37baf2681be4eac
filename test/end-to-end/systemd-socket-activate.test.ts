/** The agent under systemd's own socket activation. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { type AddressInfo, connect as connectSocket, createServer, type NetConnectOpts } from 'node:net';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { connect } from '../../src/client/index.ts';
import { encodeTextFrame, forEachFrame } from '../../wire/frame.ts';
import { ENTRY, fixture } from '../helpers/agent.ts';
import { receiveNotifications } from '../helpers/notify-receiver.ts';
import { type Running, startProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { needTool } from '../helpers/tools.ts';

type Supervised = typeof import('../fixtures/agents/supervised.ts');
type Control = { ping(): string; status(): { pid: number; state: string; connectionsServed: number } };

const TOOL = 'systemd-socket-activate';

/** Resolves when all of the addresses are listened on; undefined where there is no such tool. */
async function activate(
  t: ExecutionContext,
  addresses: readonly string[],
  { flags = [], agentFlags = [] }: { flags?: readonly string[]; agentFlags?: readonly string[] } = {},
): Promise<Running | undefined> {
  const tool = needTool(t, TOOL);
  if (tool === undefined) return undefined;
  const agent = [process.execPath, ENTRY, 'run', fixture('agents/supervised.ts'), ...agentFlags];
  const listeners = addresses.flatMap((address) => ['-l', address]);
  // It passes nothing of its environment on but what it is told to.
  const running = startProgram(t, [tool, ...listeners, ...flags, '-E', 'PATH', '-E', 'HOME', ...agent]);
  await running.stderr(new RegExp(`(Listening on .*\\s+){${addresses.length}}`));
  return running;
}

async function pidAt(path: string): Promise<number> {
  await using agent = await connect<Supervised>(path);
  return await agent.pid();
}

/** Asks one question over any kind of socket, and reads to the end of the connection. */
async function ask(address: NetConnectOpts, question: string): Promise<string[]> {
  const socket = connectSocket(address);
  socket.end(encodeTextFrame(question));
  const answers: string[] = [];
  forEachFrame(await buffer(socket), (payload) => answers.push(payload.toString('utf8')));
  return answers;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

test('the first connection starts the agent, and is answered', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  const running = await activate(t, [path], { flags: ['--fdname=agent'] });
  if (running === undefined) return;
  t.is(await pidAt(path), running.pid);
  t.is(await pidAt(path), running.pid);
});

test('systemd is told when the agent is ready, if it wants to know', async (t) => {
  const folder = await tempDir(t);
  const path = join(folder, 'a.sock');
  const address = join(folder, 'notify');
  const receiver = await receiveNotifications(t, address);
  const running = await activate(t, [path], { flags: ['--fdname=agent', '-E', `NOTIFY_SOCKET=${address}`] });
  if (running === undefined) return;
  t.is(await pidAt(path), running.pid);
  await receiver.stderr(/^READY=1$/m);
});

test('an idle agent leaves with status 0, and leaves the path where it is', async (t) => {
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

test('a second socket named control answers for the agent itself', async (t) => {
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

test('several sockets of one name are all answered', async (t) => {
  const folder = await tempDir(t);
  const paths = ['a.sock', 'b.sock', 'c.sock'].map((name) => join(folder, name));
  const running = await activate(t, paths, { flags: ['--fdname=agent:agent:agent'] });
  if (running === undefined) return;
  t.deepEqual(await Promise.all(paths.map(pidAt)), [running.pid, running.pid, running.pid]);
});

test('a TCP socket is answered as a UNIX socket is', async (t) => {
  const port = await freePort();
  const running = await activate(t, [`127.0.0.1:${port}`], { flags: ['--fdname=agent'] });
  if (running === undefined) return;
  const answers = await ask({ port, host: '127.0.0.1' }, '{"jsonrpc":"2.0","id":1,"method":"pid"}');
  t.deepEqual(answers, [`{"jsonrpc":"2.0","id":1,"result":${running.pid}}`]);
});

test("nothing of systemd's variables reaches a handler", async (t) => {
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

test('a control socket alone is a mistake in the configuration', async (t) => {
  const path = join(await tempDir(t), 'c.sock');
  const running = await activate(t, [path], { flags: ['--fdname=control'] });
  if (running === undefined) return;
  t.deepEqual(await ask({ path }, '').catch(() => []), []);
  t.is(await running.ended, 78);
  t.regex(await running.stderr(/ERR_LAUNCHPOOL/), /no socket for requests.*ERR_LAUNCHPOOL_SUPERVISOR_INVALID/);
});

test('a datagram socket is a mistake in the configuration', async (t) => {
  const port = await freePort();
  const running = await activate(t, [`127.0.0.1:${port}`], { flags: ['--datagram'] });
  if (running === undefined) return;
  const sender = createSocket('udp4');
  t.teardown(() => sender.close());
  sender.send('knock', port, '127.0.0.1');
  t.is(await running.ended, 78);
  t.regex(await running.stderr(/ERR_LAUNCHPOOL/), /descriptor 3.*ERR_LAUNCHPOOL_SUPERVISOR_INVALID/);
});

test('a connection handed over in place of a listening socket is a mistake in the configuration', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  const running = await activate(t, [path], { flags: ['--accept'] });
  if (running === undefined) return;
  t.deepEqual(await ask({ path }, '').catch(() => []), []);
  t.regex(await running.stderr(/ERR_LAUNCHPOOL/), /descriptor 3.*ERR_LAUNCHPOOL_SUPERVISOR_INVALID/);
});
