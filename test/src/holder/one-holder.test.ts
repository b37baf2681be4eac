/** One process at a time holds a socket: races, killed holders, and lock files that are not launchpool's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import test, { type ExecutionContext } from 'ava';
import { connect, connectRaw } from '../../../src/client/index.ts';
import { createActivator } from '../../../src/holder/activator.ts';
import { holdSocket } from '../../../src/holder/held-socket.ts';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { activate, agentCommand, isAlive, listenTo, serveCommand } from '../../helpers/activator.ts';
import { fixture } from '../../helpers/agent.ts';
import { heldCall } from '../../helpers/held-call.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { connectTo, hold, leaveDeadSocket, listenAt } from '../../helpers/unix-sockets.ts';
import { until } from '../../helpers/until.ts';
import '../../helpers/with-compile-cache.ts';

type Supervised = typeof import('../../fixtures/agents/supervised.ts');

const NEVER = new AbortController().signal;
const IN_USE = 'ERR_LAUNCHPOOL_SOCKET_IN_USE';

const reasonsOf = (outcomes: readonly PromiseSettledResult<unknown>[]): LaunchpoolError[] =>
  outcomes.filter((outcome) => outcome.status === 'rejected').map(({ reason }) => reason as LaunchpoolError);

const resultsOf = <Result>(outcomes: readonly PromiseSettledResult<Result>[]): Result[] =>
  outcomes.filter((outcome) => outcome.status === 'fulfilled').map(({ value }) => value);

test('of two holders at the same moment, one holds the path, and the other learns the holder', async (t) => {
  for (let round = 0; round < 24; round += 1) {
    const path = join(await tempDir(t), 'made', 'a.sock');
    const outcomes = await Promise.allSettled([holdSocket(path), holdSocket(path), holdSocket(path)]);
    const [held, ...more] = resultsOf(outcomes);
    t.is(more.length, 0);
    for (const { code, data } of reasonsOf(outcomes)) t.deepEqual([code, data], [IN_USE, { pid: process.pid }]);
    const connected = held?.waitForConnection(NEVER);
    await connectTo(t, path);
    await connected;
    held?.close();
    t.deepEqual(readdirSync(dirname(path)), []);
  }
});

test('of two activators at the same moment, one serves both sockets', async (t) => {
  const socketPath = join(await tempDir(t), 'a.sock');
  const options = { socketPath, command: serveCommand() };
  const outcomes = await Promise.allSettled([createActivator(options), createActivator(options)]);
  const [activator, ...more] = resultsOf(outcomes);
  t.teardown(() => activator?.close());
  t.is(more.length, 0);
  t.is(reasonsOf(outcomes)[0]?.code, IN_USE);
  t.regex(await listenTo(socketPath), /^\d+$/);
  t.true(statSync(join(dirname(socketPath), 'a.control.sock')).isSocket());
});

test('of three processes at the same moment, one holds the path, and the others name its id', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  const holders = [1, 2, 3].map(() => startHolder(t, path, serveCommand()));
  const errors = await Promise.any(
    holders.map(async ({ child, waiting }) => {
      await waiting;
      const others = holders.filter((other) => other.child !== child);
      return { pid: child.pid, texts: await Promise.all(others.map(({ stderr }) => stderr)) };
    }),
  );
  for (const error of errors.texts)
    t.true(error.includes(IN_USE) && error.includes(`process ${errors.pid} holds`), error);
  t.regex(await listenTo(path), /^\d+$/);
});

test('a holder takes over from one that was killed, while the old agent finishes its request', async (t) => {
  const socketPath = join(await tempDir(t), 'a.sock');
  const call = await heldCall(t);
  const { child, waiting } = startHolder(t, socketPath, agentCommand('agents/supervised.ts'));
  await waiting;
  const client = await connect<Supervised>(socketPath);
  const answer = client.hold(call.path);
  await call.running;
  const old = await client.pid();
  t.teardown(() => isAlive(old) && process.kill(old, 'SIGKILL'));
  child.kill('SIGKILL');
  await once(child, 'exit');

  const held = await activate(t, agentCommand('agents/supervised.ts'), { socketPath });
  const next = await connect<Supervised>(socketPath);
  t.not(await next.pid(), old);
  t.is((await held.reached('started', 1)).pid, await next.pid());
  // The request of the killed holder's agent still runs.
  t.true(isAlive(old));
  call.release();
  t.is(await answer, old);
  await held.close();
  t.deepEqual(readdirSync(dirname(socketPath)), []);
});

test('an agent whose holder was killed serves the connections that wait in the kernel', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  const { child, waiting } = startHolder(t, path, agentCommand('agents/echo.ts'));
  await waiting;
  const first = await connectRaw(path);
  await first.request('first');
  await until(() => /"started","pid":\d+/.test(child.output));
  const agent = Number(/"started","pid":(\d+)/.exec(child.output)?.[1]);
  t.teardown(() => isAlive(agent) && process.kill(agent, 'SIGKILL'));
  process.kill(agent, 'SIGSTOP');
  // The kernel accepts them, and the requests in them; the agent has seen neither.
  const clients = await Promise.all(Array.from({ length: 20 }, () => connectRaw(path)));
  const replies = clients.map((client, index) => client.request(`request ${index}`));
  child.kill('SIGKILL');
  await once(child, 'exit');
  process.kill(agent, 'SIGCONT');
  const texts = await Promise.all(replies);
  t.deepEqual(
    texts.map(String),
    clients.map((_client, index) => `request ${index}`),
  );
});

test('the lock of a killed holder is no lock, and its file goes with the next holder', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  await leaveDeadSocket(t, path);
  writeFileSync(`${path}.lock`, '{"pid":1,"socket":"1:2:3"}\n');
  const held = await hold(t, path);
  t.like(JSON.parse(readFileSync(`${path}.lock`, 'utf8')), { pid: process.pid });
  held.close();
  t.deepEqual(readdirSync(dirname(path)), []);
});

test('a listener that is not of the killed holder keeps its socket', async (t) => {
  const path = join(await tempDir(t), 'a.sock');
  const killed = await holdSocket(path);
  const contents = readFileSync(`${path}.lock`, 'utf8');
  killed.close();
  await listenAt(t, path);
  writeFileSync(`${path}.lock`, contents);
  // A file system gives an inode number again; the time then differs.
  utimesSync(path, 1, 1);
  const { ino } = statSync(path);
  await t.throwsAsync(holdSocket(path), { code: IN_USE });
  t.is(statSync(path).ino, ino);
  t.is(await text(await connectTo(t, path)), 'alive');
});

test('a check for a listener starts no agent of the other holder', async (t) => {
  const held = await activate(t, serveCommand());
  rmSync(`${held.socketPath}.lock`);
  await t.throwsAsync(holdSocket(held.socketPath), { code: IN_USE });
  t.deepEqual(readdirSync(dirname(held.socketPath)).sort(), ['a.control.sock', 'a.control.sock.lock', 'a.sock']);
  t.is(await listenTo(held.socketPath), String((await held.reached('started', 1)).pid));
  t.is(held.all('started').length, 1);
});

test('links, folders and second names in the place of the lock are refused and kept', async (t) => {
  const folder = await tempDir(t);
  const precious = join(folder, 'precious');
  writeFileSync(precious, 'precious');
  symlinkSync(precious, join(folder, 'a.sock.lock'));
  linkSync(precious, join(folder, 'b.sock.lock'));
  mkdirSync(join(folder, 'c.sock.lock'));
  for (const name of ['a.sock', 'b.sock', 'c.sock']) {
    await t.throwsAsync(holdSocket(join(folder, name)), { code: 'ERR_LAUNCHPOOL_SOCKET_FAILED' }, name);
  }
  t.is(readFileSync(precious, 'utf8'), 'precious');
  t.deepEqual(readdirSync(folder).sort(), ['a.sock.lock', 'b.sock.lock', 'c.sock.lock', 'precious']);
});

test('a path through a link has the same lock', async (t) => {
  const folder = await tempDir(t);
  mkdirSync(join(folder, 'real'));
  symlinkSync('real', join(folder, 'link'));
  await hold(t, join(folder, 'real', 'a.sock'));
  const error = await t.throwsAsync<LaunchpoolError>(holdSocket(join(folder, 'link', 'a.sock')), { code: IN_USE });
  t.deepEqual(error?.data, { pid: process.pid });
});

test('holders of similar paths in one folder do not disturb each other', async (t) => {
  const folder = await tempDir(t);
  const names = ['w~', 'w1', 'w2', 'w', 'v', '~', 'a.sock', 'a.soc~'];
  const sockets = await Promise.all(names.map((name) => hold(t, join(folder, name))));
  t.is(new Set(sockets.map(({ path }) => lstatSync(path).ino)).size, names.length);
});

test('a socket of one letter stays, whatever name it is bound under first', async (t) => {
  const folder = await tempDir(t);
  for (let round = 0; round < 200; round += 1) {
    const socket = await hold(t, join(folder, 'v'));
    t.true(lstatSync(socket.path).isSocket());
    socket.close();
  }
});

type Holder = {
  child: ReturnType<typeof spawn> & { output: string };
  waiting: Promise<unknown>;
  stderr: Promise<string>;
};

/** Starts test/fixtures/programs/holder.ts. */
function startHolder(t: ExecutionContext, path: string, command: readonly string[]): Holder {
  const started = spawn(process.execPath, [fixture('programs/holder.ts'), path, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => started.kill('SIGKILL'));
  const child = Object.assign(started, { output: '' });
  started.stdout.setEncoding('utf8').on('data', (data: string) => {
    child.output += data;
  });
  return { child, waiting: once(started.stdout, 'data'), stderr: text(started.stderr) };
}
