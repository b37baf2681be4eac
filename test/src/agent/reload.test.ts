/** Reload replaces the module under load, without a failed call. */
import { rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { connectRaw } from '../../../src/client/index.ts';
import { connectRpc } from '../../../src/client/rpc.ts';
import { holdAgent, type TestAgent } from '../../helpers/agent.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

/** A manual run can set more. */
const RELOADS = Number(process.env.LAUNCHPOOL_TEST_RELOADS ?? 8);
const CLIENTS = 8;

const RPC = (version: number): string => `
  import { setTimeout as wait } from 'node:timers/promises';
  export const version = () => ${version};
  export const slow = async (ms) => (await wait(ms), ${version});
  export const setup = () => wait(5);`;
const RAW = (version: number): string => `
  import { setTimeout as wait } from 'node:timers/promises';
  export default async (message) => {
    if (message[0] === 0x73) await wait(3);
    return Buffer.concat([message, Buffer.from(' ${version}')]);
  };`;

type Reloadable = TestAgent & {
  /** Points the path to a module with this source. */
  put(source: string): Promise<void>;
  reload(): Promise<unknown>;
  status(): Promise<{ module: string; pid: number }>;
};

/** An agent whose module path is a link, as in an installation. */
async function reloadable(t: ExecutionContext, source: string, flags: readonly string[] = []): Promise<Reloadable> {
  const folder = await tempDir(t);
  const path = join(folder, 'module');
  let count = 0;
  async function put(text: string): Promise<void> {
    count += 1;
    const [file, link] = [join(folder, `version-${count}.mjs`), join(folder, 'unfinished')];
    await writeFile(file, text);
    await symlink(file, link);
    await rename(link, path);
  }
  await put(source);
  const held = await holdAgent(t, path, flags);
  const control = await connectRpc(held.controlPath);
  t.teardown(() => control.close());
  return {
    ...held,
    put,
    reload: () => control.call('reload', []),
    status: () => control.call('status', []) as Promise<{ module: string; pid: number }>,
  };
}

/** The versions that answered each client, in order, during repeated reloads. */
async function reloadUnderLoad(
  agent: Reloadable,
  source: (version: number) => string,
  connectOne: () => Promise<() => Promise<number>>,
): Promise<number[][]> {
  let isOver = false;
  const clients = await Promise.all(Array.from({ length: CLIENTS }, connectOne));
  const seen = clients.map(async (ask) => {
    const versions: number[] = [];
    while (!isOver) versions.push(await ask());
    return versions;
  });
  for (let version = 2; version <= RELOADS + 1; version += 1) {
    await agent.put(source(version));
    await agent.reload();
    // Requests from now on must be answered by the new version.
    const asked = await connectOne();
    const answered = await asked();
    if (answered !== version) throw new Error(`version ${answered} answered after ${version} had been loaded`);
  }
  isOver = true;
  return Promise.all(seen);
}

function isInOrder(versions: readonly number[]): boolean {
  return versions.every((version, index) => index === 0 || version >= (versions[index - 1] as number));
}

test('RPC: no call fails, none gets an old reply after a new one, and the process stays the same', async (t) => {
  t.timeout(5 * 60_000);
  const agent = await reloadable(t, RPC(1), ['--threads', '2']);
  const seen = await reloadUnderLoad(agent, RPC, async () => {
    const client = await connectRpc(agent.socketPath);
    t.teardown(() => client.close());
    let count = 0;
    return async () => {
      count += 1;
      return (await client.call(count % 4 === 0 ? 'slow' : 'version', [3])) as number;
    };
  });
  for (const versions of seen) {
    t.true(isInOrder(versions), versions.join());
    t.true(new Set(versions).size > 1);
  }
  t.is(agent.events.filter(({ event }) => event === 'started').length, 1);
  t.regex((await agent.status()).module, new RegExp(`version-${RELOADS + 1}\\.mjs$`));
});

test('raw: no request fails, replies keep their order, and none is old after a new one', async (t) => {
  t.timeout(5 * 60_000);
  const agent = await reloadable(t, RAW(1), ['--threads', '2']);
  const seen = await reloadUnderLoad(agent, RAW, async () => {
    const client = await connectRaw(agent.socketPath);
    t.teardown(() => client.close());
    let count = 0;
    return async () => {
      // Four at once, of which every other one is slow.
      count += 4;
      const messages = Array.from({ length: 4 }, (_unused, index) => `${index % 2 === 0 ? 's' : 'q'} ${count + index}`);
      const replies = await Promise.all(messages.map((message) => client.request(message)));
      const versions = replies.map((reply, index) => {
        const text = reply.toString();
        const message = messages[index] as string;
        if (!text.startsWith(`${message} `)) throw new Error(`${text} is no reply to ${message}`);
        return Number(text.slice(message.length));
      });
      return Math.max(...versions);
    };
  });
  for (const versions of seen) t.true(isInOrder(versions), versions.join());
});

test('started requests complete in the old module, while the new one answers', async (t) => {
  const agent = await reloadable(t, RPC(1), ['--threads', '1']);
  const client = await connectRpc(agent.socketPath);
  const old = client.call('slow', [1_500]);
  t.is(await client.call('version', []), 1);
  await agent.put(RPC(2));
  t.like(await agent.reload(), { kind: 'rpc', methods: ['slow', 'version'] });
  t.is(await client.call('version', []), 2);
  t.is(await old, 1);
  client.close();
});

const REFUSED: readonly [what: string, source: string, message: RegExp][] = [
  ['throws', 'throw new Error("not today"); export const version = () => 2;', /not today/],
  ['is no JavaScript', 'export const = ;', /SyntaxError/],
  ['exports nothing', 'const version = 2;', /exports no function/],
  ['is a raw agent', 'export default (message) => message;', /a raw agent, while the clients use an RPC agent/],
  ['calls process.exit()', 'process.exit(0); export const version = () => 2;', /process\.exit/],
  [
    'fails in its setup',
    'export const version = () => 2; export const setup = () => { throw new Error("no db"); };',
    /no db/,
  ],
];
test('a module that does not load or has another kind is refused, and the old module stays', async (t) => {
  const agent = await reloadable(t, RPC(1));
  const client = await connectRpc(agent.socketPath);
  t.is(await client.call('version', []), 1);
  for (const [what, source, message] of REFUSED) {
    await agent.put(source);
    await t.throwsAsync(agent.reload(), { code: 'ERR_LAUNCHPOOL_RELOAD_FAILED', message }, what);
    t.is(await client.call('version', []), 1, what);
    t.regex((await agent.status()).module, /version-1\.mjs$/, what);
  }
  await agent.put(RPC(2));
  await agent.reload();
  t.is(await client.call('version', []), 2);
  client.close();
});

test('each SIGHUP reloads once', async (t) => {
  const agent = await reloadable(t, RPC(1));
  const client = await connectRpc(agent.socketPath);
  t.is(await client.call('version', []), 1);
  const { pid } = await agent.event('started');
  for (const version of [2, 3]) {
    await agent.put(RPC(version));
    process.kill(pid, 'SIGHUP');
    while ((await client.call('version', [])) !== version);
  }
  t.is((await agent.status()).pid, pid);
  client.close();
});

test('a reload repairs an agent with a broken module', async (t) => {
  // Otherwise it leaves a second after the last request.
  const agent = await reloadable(t, 'throw new Error("broken");', ['--min-uptime', '120']);
  const client = await connectRpc(agent.socketPath);
  await t.throwsAsync(client.call('version', []), { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED' });
  await t.throwsAsync(agent.reload(), { code: 'ERR_LAUNCHPOOL_RELOAD_FAILED', message: /broken/ });
  await agent.put(RPC(2));
  t.like(await agent.reload(), { kind: 'rpc', methods: ['slow', 'version'] });
  t.is(await client.call('version', []), 2);
  t.like(await agent.status(), { state: 'running' });
  client.close();
});
