/** Installed agents under the launchd double: what they learn of their clients and their sockets as macOS tells it. */
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import anyTest, { type ExecutionContext } from 'ava';
import { connectRpc } from '../../src/client/rpc.ts';
import { install } from '../../src/install/install.ts';
import { hostOf } from '../../src/installed/host.ts';
import { layoutOf } from '../../src/installed/layout.ts';
import { encodeTextFrame } from '../../wire/frame.ts';
import { lastingNode } from '../helpers/lasting-node.ts';
import { createLaunchdDouble, type LaunchdDoubleOptions } from '../helpers/launchd/double.ts';
import { declareWith } from '../helpers/not-tested.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { until } from '../helpers/until.ts';
import '../helpers/built-runtime.ts';

const test = declareWith(anyTest.serial);
const LABEL = 'com.example.agents';

const HANDLER = fileURLToPath(new URL('../../src/handler.ts', import.meta.url));

const MODULE = `
  import { writeFileSync } from 'node:fs';
  import { requestSignal } from ${JSON.stringify(HANDLER)};
  export const one = (): number => 1;
  export async function waits(file: string, ms: number): Promise<string> {
    const signal = requestSignal();
    writeFileSync(file, 'began');
    await new Promise((resolve) => {
      if (signal.aborted) resolve(undefined);
      signal.addEventListener('abort', resolve);
      setTimeout(resolve, ms);
    });
    writeFileSync(file, signal.aborted ? 'aborted' : 'done');
    return 'reply';
  }
`;

type Agent = { socket: string; control: string; folder: string; log(): string };

async function installAgent(t: ExecutionContext, options: Partial<LaunchdDoubleOptions> = {}): Promise<Agent> {
  t.timeout(120_000);
  const folder = await tempDir(t);
  const home = join(folder, 'h');
  await mkdir(home);
  const module = join(folder, 'agent.ts');
  await writeFile(module, MODULE);
  const launchd = createLaunchdDouble(t, { home, ...options });
  const host = { platform: 'darwin' as const, home, uid: 501, env: {}, run: launchd.run };
  await install({ module, label: LABEL, node: lastingNode(), host });
  const { sockets, logFile } = layoutOf(LABEL, hostOf(host));
  const log = (): string => (existsSync(logFile) ? readFileSync(logFile, 'utf8') : '');
  return { socket: sockets.agent, control: sockets.control, folder, log };
}

const request = (file: string, ms = 2_000): Buffer =>
  encodeTextFrame(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'waits', params: [file, ms] }));
const contentOf = (file: string): string => (existsSync(file) ? readFileSync(file, 'utf8') : '');

test('the signal of a request fires when its client has closed', async (t) => {
  const { socket, folder } = await installAgent(t);
  const file = join(folder, 'state');
  const client = connectSocket(socket);
  client.write(request(file, 600_000));
  await until(() => contentOf(file) === 'began');
  client.destroy();
  await until(() => contentOf(file) === 'aborted' || contentOf(file) === 'done');
  t.is(contentOf(file), 'aborted');
});

test('a client that has only ended its own side gets its reply', async (t) => {
  const { socket, folder } = await installAgent(t);
  const file = join(folder, 'state');
  const client = connectSocket({ path: socket, allowHalfOpen: true });
  client.end(request(file));
  let reply = '';
  for await (const chunk of client) reply += String(chunk);
  t.true(reply.includes('"reply"'), reply);
  t.is(contentOf(file), 'done');
});

test('sockets that launchd has renamed are served, and judged by the paths of the job', async (t) => {
  const { socket, control, log } = await installAgent(t, { renamesSockets: true });
  const call = async (): Promise<unknown> => {
    const client = await connectRpc(socket);
    try {
      return await client.call('one', []);
    } finally {
      client.close();
    }
  };
  t.is(await call(), 1);
  t.false(log().includes('socket-unchecked'));
  // Other users can reach the sockets: the next process refuses them.
  for (const path of [socket, control]) chmodSync(path, 0o666);
  for (let path = dirname(socket); path !== dirname(dirname(path)); path = dirname(path)) {
    if (path.includes('lp-')) chmodSync(path, 0o755);
  }
  const agent = await connectRpc(control);
  await agent.call('drain', []);
  agent.close();
  await until(async () => (await call().catch((error: { code: string }) => error.code)) !== 1);
  t.is(await call().catch((error: { code: string }) => error.code), 'ERR_LAUNCHPOOL_SOCKET_UNSAFE');
});
