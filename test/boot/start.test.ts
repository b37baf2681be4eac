/** The agent as the package ships it: the files that it loads before the first reply, and its compiled code. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { connectRaw } from '../../src/client/index.ts';
import { connectRpc } from '../../src/client/rpc.ts';
import { activate } from '../helpers/activator.ts';
import { fixture } from '../helpers/agent.ts';
import { builtProgram } from '../helpers/built-program.ts';
import { notTested } from '../helpers/not-tested.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { findTool } from '../helpers/tools.ts';
import { until } from '../helpers/until.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const program = builtProgram();

/** Node's modules beyond those that every program loads, and beyond those that begin with `internal/`. */
const BUILTINS = [
  ...['async_hooks', 'module', 'net', 'os', 'stream', 'stream/promises', 'string_decoder', 'vm', 'worker_threads'],
  // For Piscina.
  ...['assert', 'perf_hooks'],
];
/** The bundled packages. */
const PACKAGES = ['piscina'];
/** Not bundled: the native code of the peer check. It is loaded while the first thread boots. */
const NATIVE = /\/node_modules\/(koffi|@koromix\/koffi-[^/]+)\//;

type Run = {
  /** The output on standard error. */
  stderr: string;
  reply: string;
};

/**
 * Runs an agent from its start to its exit, with one request.
 * @param isDone whether the agent has done its work after the reply, given its log so far; without it, the agent exits
 *   by itself.
 */
async function runAgent(
  t: ExecutionContext,
  cache: string,
  { wrap = [], isDone }: { wrap?: readonly string[]; isDone?: (stderr: string) => boolean } = {},
): Promise<Run> {
  const log = join(await tempDir(t), 'log');
  const redirect = ['/bin/sh', '-c', 'exec "$@" 2>>"$0"', log] as const;
  const agent = [process.execPath, program, 'run', fixture('agents/echo.ts'), '--threads', '1', '--log-level', 'warn'];
  const held = await activate(t, [
    ...redirect,
    ...wrap,
    'env',
    `XDG_CACHE_HOME=${cache}`,
    ...agent,
    '--idle',
    isDone ? '0' : '0.5',
  ]);
  const client = await connectRaw(held.socketPath);
  const reply = String(await client.request('hello'));
  client.close();
  if (isDone === undefined) await held.reached('left', 1);
  else await until(() => isDone(readFileSync(log, 'utf8')));
  await held.close();
  return { reply, stderr: readFileSync(log, 'utf8') };
}

function codeFiles(cache: string): string[] {
  const folder = join(cache, 'launchpool', `${process.version}-${process.arch}`);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((name) => join(folder, name));
}

/** Whether the code of the main thread and that of the worker threads are saved. */
const isSaved = (cache: string): boolean => codeFiles(cache).filter((path) => path.endsWith('.code')).length === 2;

test('up to the first reply, and without log lines, few files are loaded', async (t) => {
  const folder = await tempDir(t);
  const report = join(folder, 'loaded.json');
  const probe = join(folder, 'probe.cjs');
  writeFileSync(
    probe,
    `const before = new Set(process.moduleLoadList);
    const { isMainThread } = require('node:worker_threads');
    if (isMainThread) process.on('exit', () => {
      const builtins = process.moduleLoadList.filter((name) => !before.has(name));
      const loaded = { builtins, files: Object.keys(require.cache) };
      require('node:fs').writeFileSync(${JSON.stringify(report)}, JSON.stringify(loaded));
    });`,
  );
  const { reply } = await runAgent(t, join(folder, 'cache'), { wrap: ['env', `NODE_OPTIONS=--require=${probe}`] });
  t.is(reply, 'hello');
  const { builtins, files } = JSON.parse(readFileSync(report, 'utf8')) as { builtins: string[]; files: string[] };
  const names = builtins.map((name) => name.replace(/^NativeModule /, ''));
  t.deepEqual(
    names.filter((name) => !/^(internal\/|Internal Binding )/.test(name) && !BUILTINS.includes(name)),
    [],
  );
  t.deepEqual(
    files.filter((file) => file !== program && file !== probe && !NATIVE.test(file)),
    [],
  );
});

test('the bundle has metrics, in a file that is loaded with their first request', async (t) => {
  const held = await activate(t, [
    process.execPath,
    program,
    'run',
    fixture('agents/echo.ts'),
    '--log-level',
    'silent',
  ]);
  const client = await connectRaw(held.socketPath);
  await client.request('hello');
  const control = await connectRpc(held.controlPath);
  t.teardown(control.close);
  const text = String(await control.call('metrics', []));
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  t.true(text.includes(`launchpool_info{version="${version}",`), text);
  t.regex(text, /^launchpool_requests_total 1$/m);
  client.close();
});

for (const file of ['agent.js', 'thread.js']) {
  test(`${file} contains only the packages that it needs`, (t) => {
    const text = readFileSync(join(dirname(program), 'runtime', file), 'utf8');
    const packages = text.matchAll(/["']node_modules\/((?:@[^/"']+\/)?[^/"']+)\//g);
    t.deepEqual([...new Set([...packages].map(([, name]) => name))], PACKAGES);
  });
}

test('compiled code is saved with access for its owner only, and used by the next start', async (t) => {
  const cache = await tempDir(t);
  t.like(await runAgent(t, cache, { isDone: () => isSaved(cache) }), { reply: 'hello', stderr: '' });
  const files = codeFiles(cache);
  t.is(files.length, 2);
  for (const file of files) t.is(statSync(file).mode & 0o777, 0o600);
  const before = files.map((file) => statSync(file).mtimeMs);
  t.like(await runAgent(t, cache), { reply: 'hello', stderr: '' });
  t.deepEqual(codeFiles(cache), files);
  t.deepEqual(
    files.map((file) => statSync(file).mtimeMs),
    before,
  );
});

for (const [what, spoil] of [
  [
    'damaged',
    (bytes: Buffer) => {
      const at = bytes.length >> 2;
      bytes.writeUInt8(bytes.readUInt8(at) ^ 0x55, at);
      return bytes;
    },
  ],
  ['truncated', (bytes: Buffer) => bytes.subarray(0, 1_001)],
  [
    'of another V8',
    (bytes: Buffer) => {
      // The version follows the magic number, in both copies.
      for (const at of [4, bytes.length / 2 + 4]) bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
      return bytes;
    },
  ],
] as const) {
  test(`code that is ${what} is not used, and is replaced without a log line`, async (t) => {
    const cache = await tempDir(t);
    await runAgent(t, cache, { isDone: () => isSaved(cache) });
    const files = codeFiles(cache);
    const valid = files.map((file) => readFileSync(file));
    const spoiled = valid.map((bytes) => Buffer.from(spoil(Buffer.from(bytes))));
    for (const [index, file] of files.entries()) writeFileSync(file, spoiled[index] as Buffer);
    const isDone = (): boolean => files.every((file, index) => !readFileSync(file).equals(spoiled[index] as Buffer));
    t.like(await runAgent(t, cache, { isDone }), { reply: 'hello', stderr: '' });
    for (const [index, file] of codeFiles(cache).entries()) {
      const bytes = readFileSync(file);
      const half = bytes.length / 2;
      t.true(bytes.subarray(0, half).equals(bytes.subarray(half)));
      t.is(bytes.readUInt32LE(4), (valid[index] as Buffer).readUInt32LE(4));
    }
  });
}

/** Places where nothing can be written, and the command that prepares each for the agent. */
const PLACES: readonly [what: string, wrap: (cache: string) => readonly string[] | undefined][] = [
  [
    'a file instead of the folder',
    (cache) => {
      rmSync(cache, { recursive: true });
      writeFileSync(cache, '');
      return [];
    },
  ],
  [
    'a read-only folder',
    (cache) => {
      // For root, no folder is read-only.
      if (process.getuid?.() === 0) return mounted(cache, 'ro');
      mkdirSync(cache, { recursive: true });
      chmodSync(cache, 0o500);
      return [];
    },
  ],
  ['a full disk', (cache) => mounted(cache, 'size=4k')],
];

/** A command that mounts a file system at that path for one program. */
function mounted(path: string, options: string): readonly string[] | undefined {
  if (findTool('unshare') === undefined || process.getuid?.() !== 0 || process.platform !== 'linux') return undefined;
  const script = `mount -t tmpfs -o ${options} none "$0" && exec "$@"`;
  return ['unshare', '-m', '/bin/sh', '-c', script, path];
}

for (const [what, wrapFor] of PLACES) {
  test(`with ${what} for the code, the agent starts, replies, and logs one line`, async (t) => {
    const cache = await tempDir(t);
    const wrap = wrapFor(cache);
    if (wrap === undefined) return notTested(t, 'needs root on Linux');
    const { reply, stderr } = await runAgent(t, cache, { wrap, isDone: (log) => log.endsWith('\n') });
    t.is(reply, 'hello');
    const lines = stderr.trimEnd().split('\n');
    t.is(lines.length, 1, stderr);
    t.like(JSON.parse(lines[0] as string), { level: 40, msg: 'code-cache-not-written' });
  });
}
