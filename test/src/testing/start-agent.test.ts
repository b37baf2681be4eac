/** Agents that a test starts: what the test gets, and what its module gets. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import type { Agent, LaunchpoolError, RawClient } from '../../../src/client/index.ts';
import type { TestAgent, TestAgentOptions } from '../../../src/testing/index.ts';
import { isAlive } from '../../helpers/activator.ts';
import { builtPackage } from '../../helpers/built-package.ts';
import { writeTree } from '../../helpers/materialise.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { until } from '../../helpers/until.ts';

const launchpool = builtPackage();

type State = {
  add(key: string): number;
  pid(): number;
  hang(): Promise<never>;
  fail(): never;
  variables(): (string | null)[];
  folder(): string;
};

const MODULE = `
  let added = 0;
  export function add(key: string): number { console.log('added', key); return ++added; }
  export const pid = () => process.pid;
  export const hang = () => new Promise<never>(() => {});
  export function fail(): never { throw new TypeError('fails as it should'); }
  export const variables = () => ['SET', 'INHERITED', 'REMOVED'].map((name) => process.env[name] ?? null);
  export const folder = () => process.cwd();`;

async function start<Module = State>(
  t: ExecutionContext,
  text: string = MODULE,
  options: TestAgentOptions = {},
): Promise<TestAgent<Module>> {
  const module = join(await tempDir(t), 'agent.ts');
  writeFileSync(module, text);
  const { startAgent } = await launchpool.testing();
  const agent = await startAgent<Module>(pathToFileURL(module), options);
  t.teardown(agent.close);
  return agent;
}

test('methods are called with their types, and close leaves no file, socket and process', async (t) => {
  const agent = await start(t);
  const folder = dirname(agent.socketPath);
  const client: Agent<State> = agent.client;
  t.is(await client.add('a'), 1);
  t.true((await client.pid()) === agent.pid());
  t.true(Buffer.byteLength(agent.socketPath) <= 103);
  t.deepEqual(readdirSync(folder).sort(), [
    ...['a.control.sock', 'a.control.sock.lock', 'a.sock', 'a.sock.lock', 'log', 'module', 'owner'],
  ]);
  const [pid = 0] = [agent.pid()];
  await agent.close();
  t.false(existsSync(folder));
  t.false(isAlive(pid));
  t.true(agent.pid() === undefined);
  await t.throwsAsync(client.add('b'), { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
  await t.throwsAsync(agent.connect(), { code: 'ERR_LAUNCHPOOL_CONNECT_FAILED' });
});

test('close may be called twice, also at the same time, and while a request never ends', async (t) => {
  const agent = await start(t, MODULE, { drain: 0, 'cancel-grace': 0 });
  const pid = await agent.client.pid();
  const hanging = agent.client.hang();
  const rejected = t.throwsAsync(hanging, { code: 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' });
  await Promise.all([agent.close(), agent.close(), agent[Symbol.asyncDispose]()]);
  await rejected;
  t.false(isAlive(pid));
  await agent.close();
});

test('a module runs as in dev: enums, paths of a tsconfig.json, JSX, and its own location', async (t) => {
  const folder = await tempDir(t);
  await writeTree(folder, {
    'tsconfig.json': `{ "compilerOptions": {
      "paths": { "~/*": ["./lib/*"] }, "jsx": "react", "jsxFactory": "h" } }`,
    'lib/colour.ts': 'export enum Colour { Red = "red" }',
    'agent.tsx': `
      import { Colour } from '~/colour';
      const h = (tag: string, _: null, text: string): string => \`<\${tag}>\${text}</\${tag}>\`;
      export const colour = () => <b>{Colour.Red}</b>;
      export const url = () => import.meta.url;`,
  });
  const { startAgent } = await launchpool.testing();
  const agent = await startAgent<{ colour(): string; url(): string }>(join(folder, 'agent.tsx'));
  t.teardown(agent.close);
  t.is(await agent.client.colour(), '<b>red</b>');
  t.is(await agent.client.url(), pathToFileURL(join(folder, 'agent.tsx')).href);
});

test('a raw agent has a raw client', async (t) => {
  const text = 'export default (message: Uint8Array): Uint8Array => message.reverse();';
  const agent = await start<{ default(message: Uint8Array): Uint8Array }>(t, text);
  const client: RawClient = agent.client;
  t.is(String(await client.request('abc')), 'cba');
  t.is(String(await (await agent.connect()).request('def')), 'fed');
});

test('the clients of an agent with an authkey have the key, to its last byte, and others are refused', async (t) => {
  const authkey = Buffer.from([0, 255, 13, 10, 10]);
  const agent = await start(t, MODULE, { authkey });
  t.is(await agent.client.add('a'), 1);
  const other = await agent.connect();
  t.is(await other.add('b'), 2);
  await t.throwsAsync(agent.connect({ authkey: authkey.subarray(0, -1) }), { code: 'ERR_LAUNCHPOOL_AUTH_FAILED' });
  const { connectRaw } = await launchpool.client();
  const keyless = await connectRaw(agent.socketPath);
  await t.throwsAsync(keyless.request('x'), { code: 'ERR_LAUNCHPOOL_AUTH_REQUIRED' });
});

test('variables are set, inherited and removed; the working directory is that of the option', async (t) => {
  process.env.INHERITED = 'yes';
  process.env.REMOVED = 'no';
  const folder = await tempDir(t);
  const env = { SET: 'a b', REMOVED: undefined };
  const agent = await start(t, MODULE, { env, workingDirectory: folder });
  t.deepEqual(await agent.client.variables(), ['a b', 'yes', null]);
  t.is(await agent.client.folder(), folder);
  t.is(await (await start(t)).client.folder(), process.cwd());
});

test('flags of run have its names and units', async (t) => {
  const agent = await start(t, MODULE, { 'run-timeout': 0.05, 'max-frame': 100, 'no-md5': true, threads: 'auto' });
  await t.throwsAsync(agent.client.hang(), { code: 'ERR_LAUNCHPOOL_RUN_TIMEOUT' });
  await t.throwsAsync(agent.client.add('x'.repeat(200)), { code: 'ERR_LAUNCHPOOL_FRAME_TOO_LARGE' });
  // @ts-expect-error no flag has this name
  await t.throwsAsync(start(t, MODULE, { thread: 2 }), { code: 'ERR_LAUNCHPOOL_OPTION_INVALID', message: /--thread$/ });
  // @ts-expect-error the log has no such level
  const loud = start(t, MODULE, { 'log-level': 'loud' });
  await t.throwsAsync(loud, { code: 'ERR_LAUNCHPOOL_OPTION_INVALID', message: /--log-level loud/ });
  await t.throwsAsync(start(t, MODULE, { idle: -1 }), { code: 'ERR_LAUNCHPOOL_OPTION_INVALID', message: /--idle -1/ });
});

test('an agent never ends as idle, unless it is told to: then the next call starts another, without what was in memory', async (t) => {
  const { callControl } = await import(join(launchpool.folder, 'dist', 'src', 'index.js'));
  const staying = await start(t);
  const status = await callControl({ target: staying.socketPath, method: 'status' });
  t.like(status, { kind: 'rpc', leavesInMs: null });
  const agent = await start(t, MODULE, { idle: 0.05, threads: 1 });
  const pid = await agent.client.pid();
  t.is(await agent.client.add('a'), 1);
  await until(() => agent.pid() === undefined);
  t.is(await agent.client.add('a'), 1);
  t.not(await agent.client.pid(), pid);
  // It may end between two calls.
  await until(async () => (await agent.client.pid()) === agent.pid());
});

test('several clients share the agent, and may have options of their own', async (t) => {
  const agent = await start(t, MODULE, { threads: 1 });
  const [one, other] = await Promise.all([agent.connect(), agent.connect({ messagePack: false })]);
  await Promise.all([one.add('a'), other.add('b')]);
  t.is(await agent.client.add('c'), 3);
  const { withOptions } = await launchpool.client();
  const quick = withOptions(agent.client, { timeoutMs: 20 });
  const error = (await t.throwsAsync(quick.hang())) as LaunchpoolError;
  t.regex(String(error.code), /TIMEOUT$/);
});

test('the log has what the module prints and how it fails, also after close', async (t) => {
  const agent = await start(t);
  await agent.client.add('key');
  await t.throwsAsync(agent.client.fail(), { name: 'TypeError' });
  const isPrinted = (): boolean => agent.log.some((line) => line.endsWith('INFO: add (1): added key'));
  await until(() => isPrinted() && agent.log.some((line) => line.includes('fails as it should')));
  await agent.close();
  t.true(isPrinted());
  t.regex(agent.log.join('\n'), /handler-failed.*|fails as it should/);
  t.regex(agent.log.join('\n'), /agent\.ts:6:/);
});

test('what a handler throws has the stack of the handler, as in dev', async (t) => {
  const agent = await start(t);
  const error = await t.throwsAsync(agent.client.fail());
  t.regex(String(error?.stack), /agent\.ts:6:\d+/);
});

test('the URL of something that is no file is refused', async (t) => {
  const { startAgent } = await launchpool.testing();
  const expected = { code: 'ERR_LAUNCHPOOL_OPTION_INVALID', message: /http:\/\/localhost\/agent\.ts/ };
  await t.throwsAsync(startAgent(new URL('http://localhost/agent.ts')), expected);
});

test('a folder of the test serves as TMPDIR, and where its path is too long, /tmp', async (t) => {
  const folder = await tempDir(t);
  const long = join(folder, 'y'.repeat(60));
  mkdirSync(long);
  const { TMPDIR } = process.env;
  const restore = (): void => {
    process.env.TMPDIR = TMPDIR;
    if (TMPDIR === undefined) delete process.env.TMPDIR;
  };
  // The folder is made before the first await.
  process.env.TMPDIR = folder;
  const { startAgent } = await launchpool.testing();
  const module = join(folder, 'agent.ts');
  writeFileSync(module, MODULE);
  process.env.TMPDIR = folder;
  const short = startAgent(module);
  process.env.TMPDIR = long;
  const elsewhere = startAgent(module);
  restore();
  const agents = await Promise.all([short, elsewhere]);
  for (const agent of agents) t.teardown(agent.close);
  t.is(dirname(dirname(agents[0].socketPath)), folder);
  t.regex(agents[1].socketPath, /^(?:\/private)?\/tmp\/launchpool-test-/);
});
