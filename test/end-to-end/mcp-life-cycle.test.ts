/** The end of a client of MCP is the end of its bridge, however the client ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { ENTRY, SOURCES } from '../helpers/agent.ts';
import {
  agentHome,
  callTool,
  descriptionOf,
  holdInstalled,
  initialize,
  LABEL,
  MODERN_META,
  socketOf,
  startBridge,
  TOOLS_AGENT,
  writeAgent,
} from '../helpers/mcp-agents.ts';
import { notTested } from '../helpers/not-tested.ts';
import { CAN_FIND_PROCESSES, processesWith } from '../helpers/processes.ts';
import { runProgram } from '../helpers/program.ts';
import { until } from '../helpers/until.ts';

const BRIDGES = 10;
/** 50 here, and 46 for a bare Node; with room for other systems. */
const MAX_MIB = 56;

test('the end of standard input ends it, with exit status 0, behind the answers', async (t) => {
  t.timeout(120_000);
  const home = await agentHome(t);
  writeAgent(home, LABEL, await descriptionOf(TOOLS_AGENT));
  await holdInstalled(t, home);
  const request = (id: number, method: string, params: object): string =>
    `${JSON.stringify({ jsonrpc: '2.0', id, method, params: { _meta: MODERN_META, ...params } })}\n`;
  // The agent runs before the one that has little time.
  const warm = startBridge(t, home);
  await initialize(warm);
  await callTool(warm, 'pid');
  const input = request(1, 'tools/call', { name: 'add', arguments: { a: 1 } }) + request(2, 'tools/list', {}).trimEnd();
  // What takes longer than the bridge waits at the end of its input, on a machine that is busy, is cancelled.
  await until(async () => {
    const ended = await runProgram([process.execPath, ENTRY, 'mcp', LABEL], { input, env: home.env });
    t.deepEqual([ended.status, ended.stderr], [0, '']);
    const ids = ended.stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id);
    return ids.sort().join() === '1,2';
  });
});

test('a call that is open at the end of standard input is cancelled', async (t) => {
  t.timeout(120_000);
  const home = await agentHome(t);
  writeAgent(home, LABEL, await descriptionOf(TOOLS_AGENT));
  await holdInstalled(t, home);
  const [signals, file] = [join(home.folder, 's'), join(home.folder, 'cancelled')];
  const server = createServer().listen(signals);
  t.teardown(() => server.close());
  const started = once(server, 'connection');
  const client = startBridge(t, home);
  await initialize(client);
  void callTool(client, 'holds', { path: signals, file });
  await started;
  client.child.stdin?.end();
  t.is(await client.ended, 0);
  await until(() => {
    try {
      return readFileSync(file, 'utf8') !== '';
    } catch {
      return false;
    }
  });
  t.pass();
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test(`${signal} ends it`, async (t) => {
    const home = await agentHome(t);
    writeAgent(home, LABEL, await descriptionOf(TOOLS_AGENT));
    const client = startBridge(t, home);
    await initialize(client);
    client.child.kill(signal);
    t.is(await client.ended, 0);
  });
}

test('a client that reads no more ends it', async (t) => {
  const home = await agentHome(t);
  writeAgent(home, LABEL, await descriptionOf(TOOLS_AGENT));
  const client = startBridge(t, home);
  await initialize(client);
  client.child.stdout?.destroy();
  client.send({ jsonrpc: '2.0', id: 'x', method: 'ping' });
  t.is(await client.ended, 0);
});

test('an agent that never accepts does not keep it', async (t) => {
  const home = await agentHome(t);
  writeAgent(home, LABEL, await descriptionOf(TOOLS_AGENT));
  // It accepts, and never says a word of the handshake.
  const server = createServer().listen(socketOf(home, LABEL));
  t.teardown(() => server.close());
  await once(server, 'listening');
  const connected = once(server, 'connection');
  const client = startBridge(t, home);
  await initialize(client);
  void callTool(client, 'pid');
  await connected;
  client.child.stdin?.end();
  t.is(await client.ended, 0);
});

/** A client that starts bridges, has each list its tools, prints `ready`, and then waits to be killed. */
const CLIENT = `
  const { spawn } = require('node:child_process');
  const [entry, count, holder, ...labels] = process.argv.slice(1);
  let ready = 0;
  for (let index = 0; index < Number(count); index += 1) {
    const child = spawn(process.execPath, [entry, 'mcp', ...labels], { stdio: ['pipe', 'pipe', 'ignore'] });
    const meta = ${JSON.stringify(MODERN_META)};
    child.stdin.write(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call',
      params: { _meta: meta, name: 'pid', arguments: {} } }) + '\\n');
    child.stdout.once('data', () => {
      // Another process with a copy of the ends of the pipes, as a shell between client and server would be.
      if (holder === 'held') spawn('sleep', ['60'], { stdio: ['ignore', child.stdin, child.stdout], detached: true }).unref();
      ready += 1;
      if (ready === Number(count)) console.log('ready');
    });
  }
  setInterval(() => {}, 1e6);
`;

for (const [title, holder] of [
  ['', 'free'],
  [', though another process has copies of their pipes', 'held'],
] as const) {
  test.serial(`of ten bridges, none is left when their client is killed${title}`, async (t) => {
    t.timeout(120_000);
    if (!CAN_FIND_PROCESSES) return notTested(t, 'processes are found by /proc');
    const home = await agentHome(t);
    writeAgent(home, LABEL, await descriptionOf(TOOLS_AGENT));
    const agent = await holdInstalled(t, home);
    const mark = `LAUNCHPOOL_TEST_MARK=${home.folder}`;
    const env = { ...home.env, LAUNCHPOOL_TEST_MARK: home.folder };
    const args = ['-e', CLIENT, ENTRY, String(BRIDGES), holder, LABEL];
    const client = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
    const bridges = (): number[] =>
      processesWith(mark).filter((pid) => pid !== client.pid && commandOf(pid).includes('mcp'));
    t.teardown(() => {
      for (const pid of processesWith(mark)) process.kill(pid, 'SIGKILL');
    });
    await once(client.stdout, 'data');
    t.is(bridges().length, BRIDGES);
    // From its sources, a bridge is a whole command line with its types.
    if (ENTRY !== SOURCES) for (const pid of bridges()) t.true(residentMiB(pid) < MAX_MIB, `${residentMiB(pid)} MiB`);
    t.is(agent.all('started').length, 1);
    client.kill('SIGKILL');
    await until(() => bridges().length === 0);
  });
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}
