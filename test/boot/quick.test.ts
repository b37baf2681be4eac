/** The quick verbs as the package ships them: what they load, ask and print, beside the whole command line. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { cacheFolder } from '../../boot/cache-folder.ts';
import { buildProgram } from '../../build/program.ts';
import { createControl } from '../../src/agent/control.ts';
import { hostOf } from '../../src/installed/host.ts';
import { layoutOf } from '../../src/installed/layout.ts';
import { unitNamesOf } from '../../systemd/paths.ts';
import { fixture, holdAgent } from '../helpers/agent.ts';
import { statusOf } from '../helpers/control-server.ts';
import { recordInstalled } from '../helpers/install-record.ts';
import { notTested } from '../helpers/not-tested.ts';
import { type Finished, runProgram } from '../helpers/program.ts';
import { createSystemctlStub, type SystemctlStub } from '../helpers/systemctl-stub.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { leaveDeadSocket } from '../helpers/unix-sockets.ts';

const SOURCES = fileURLToPath(new URL('../../src/cli/entry.ts', import.meta.url));
let program = process.env.LAUNCHPOOL_TEST_PROGRAM as string;

test.before((t) => {
  if (program !== undefined) return;
  t.timeout(5 * 60_000);
  const built = buildProgram();
  program = built.path;
  removeBuilt = built.remove;
});
test.after.always(() => removeBuilt());
let removeBuilt = (): void => undefined;

/** Node's modules that a verb may load, beyond those that begin with `internal/`. */
const CONNECTING = ['net', 'stream', 'stream/promises', 'string_decoder'];
const SPAWNING = ['child_process', 'dgram', ...CONNECTING];

type Bench = {
  systemctl: SystemctlStub;
  labels: readonly string[];
  env: NodeJS.ProcessEnv;
  runtime: string;
  home: string;
  /** What the whole command line prints, and what the program prints. */
  both(...args: string[]): Promise<[whole: Finished, quick: Finished]>;
};

const labelsOf = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `com.example.a${String(index + 1).padStart(2, '0')}`);

const socketsOf = (label: string): string[] => [`${label}.sock`, `${label}.control.sock`];

/** Undefined, and reported, on a platform without systemd. */
async function createBench(t: ExecutionContext, count: number): Promise<Bench | undefined> {
  if (process.platform !== 'linux' || process.env.MAC_LIKE_NODE_OPTIONS !== undefined) {
    notTested(t, 'systemd is asked on Linux only');
    return undefined;
  }
  t.timeout(120_000);
  const folder = await tempDir(t);
  const [home, runtime] = [join(folder, 'h'), join(folder, 'r')];
  for (const made of [home, runtime]) mkdirSync(made);
  const labels = labelsOf(count);
  const systemctl = createSystemctlStub(join(folder, 'bin'), labels);
  const env = {
    PATH: `${systemctl.folder}:${process.env.PATH}`,
    HOME: home,
    XDG_RUNTIME_DIR: runtime,
    XDG_CACHE_HOME: join(folder, 'cache'),
  };
  for (const label of labels) {
    recordInstalled(label, { home, env });
    for (const name of socketsOf(label)) await leaveDeadSocket(t, join(runtime, name));
  }
  return {
    systemctl,
    labels,
    env,
    runtime,
    home,
    both: (...args) =>
      Promise.all(
        [SOURCES, program].map((entry) => runProgram([process.execPath, entry, ...args], { env })),
      ) as Promise<[Finished, Finished]>,
  };
}

/** The environment of the test, with a folder of its own for compiled code. */
async function ownCache(t: ExecutionContext): Promise<NodeJS.ProcessEnv> {
  const home = await tempDir(t);
  return { ...process.env, HOME: home, XDG_CACHE_HOME: join(home, 'cache') };
}

/** Serves the control socket of an agent of the bench in the process of the test. */
async function serve(t: ExecutionContext, { runtime, systemctl }: Bench, label: string): Promise<void> {
  systemctl.set(unitNamesOf(label).service, { ActiveState: 'active', SubState: 'running', MainPID: '4711' });
  const server = createServer(
    { allowHalfOpen: true, pauseOnConnect: true },
    createControl({ status: async () => statusOf() }),
  );
  t.teardown(() => server.close());
  const path = join(runtime, `${label}.control.sock`);
  rmSync(path);
  await new Promise<void>((resolve) => server.listen(path, resolve));
}

/** Counts the connections to the sockets of an agent without a process. A supervisor would start it. */
async function countConnections(t: ExecutionContext, { runtime }: Bench, label: string): Promise<() => number> {
  let count = 0;
  for (const name of socketsOf(label)) {
    rmSync(join(runtime, name));
    const server = createServer((socket) => {
      count += 1;
      socket.destroy();
    });
    t.teardown(() => server.close());
    await new Promise<void>((resolve) => server.listen(join(runtime, name), resolve));
  }
  return () => count;
}

/** Runs the program, and returns the modules of Node and the files that it has loaded, beyond the expected ones. */
async function loadedBeyond(
  t: ExecutionContext,
  expected: readonly string[],
  env: NodeJS.ProcessEnv,
  input: string | undefined,
  ...args: string[]
): Promise<string[]> {
  const folder = await tempDir(t);
  const [report, probe] = [join(folder, 'loaded.json'), join(folder, 'probe.cjs')];
  writeFileSync(
    probe,
    `const before = new Set(process.moduleLoadList);
    process.on('exit', () => {
      const builtins = process.moduleLoadList.filter((name) => !before.has(name));
      const loaded = [...builtins, ...Object.keys(require.cache)];
      require('node:fs').writeFileSync(${JSON.stringify(report)}, JSON.stringify(loaded));
    });`,
  );
  const options = { env, ...(input !== undefined && { input }) };
  const { status, stderr } = await runProgram([process.execPath, '--require', probe, program, ...args], options);
  t.deepEqual([status, stderr], [0, '']);
  return (JSON.parse(readFileSync(report, 'utf8')) as string[])
    .filter((name) => !/^(NativeModule internal\/|Internal Binding )/.test(name) && name !== probe && name !== program)
    .map((name) => name.replace(/^NativeModule /, ''))
    .filter((name) => !expected.includes(name));
}

test('call loads what a connection needs, and no file beside its own', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/echo.ts'));
  const env = await ownCache(t);
  t.deepEqual(await loadedBeyond(t, ['vm', ...CONNECTING], env, undefined, 'call', socketPath, '--raw', 'text'), []);
});

test('list and status load what one question to systemd needs, and no file beside their own', async (t) => {
  const bench = await createBench(t, 3);
  if (bench === undefined) return;
  await serve(t, bench, bench.labels[1] as string);
  for (const args of [['list'], ['list', '--json'], ['status', bench.labels[1] as string]]) {
    t.deepEqual(await loadedBeyond(t, ['os', 'vm', ...SPAWNING], bench.env, undefined, ...args), [], args.join(' '));
  }
});

test('without agents, list asks nothing, and loads neither sockets nor programs', async (t) => {
  const bench = await createBench(t, 0);
  if (bench === undefined) return;
  t.deepEqual(await loadedBeyond(t, ['os', 'vm'], bench.env, undefined, 'list'), []);
  const [whole, quick] = await bench.both('list');
  t.deepEqual(quick, whole);
  t.is(quick.stdout.toString(), 'No agent is installed.\n');
  t.deepEqual(bench.systemctl.runs(), []);
});

test('complete loads what the path of the home folder needs, asks nothing, and answers as the whole command line', async (t) => {
  const bench = await createBench(t, 3);
  if (bench === undefined) return;
  const connections = await countConnections(t, bench, bench.labels[0] as string);
  for (const words of [
    ['install', '--lo'],
    ['status', 'com.'],
    ['call', bench.labels[0] as string, ''],
  ]) {
    const args = ['complete', '--', ...words];
    t.deepEqual(await loadedBeyond(t, ['os', 'vm'], bench.env, undefined, ...args), [], words.join(' '));
    const [whole, quick] = await bench.both(...args);
    t.deepEqual(quick, whole);
    t.deepEqual([quick.status, quick.stderr], [0, '']);
    t.regex(quick.stdout.toString(), /^:4$/m);
  }
  t.deepEqual([bench.systemctl.runs(), connections()], [[], 0]);
});

test('mcp loads what standard streams need to list its tools, asks nothing, and starts nothing', async (t) => {
  const bench = await createBench(t, 2);
  if (bench === undefined) return;
  const label = bench.labels[0] as string;
  const connections = await countConnections(t, bench, label);
  const layout = layoutOf(label, hostOf({ home: bench.home, env: {} }));
  mkdirSync(join(layout.versions, 'abc'), { recursive: true });
  const method = { name: 'pid', signature: ['pid(): number'], params: [], result: { schema: true } };
  const description = { format: 1, methods: [method], $defs: {}, notes: [] };
  writeFileSync(join(layout.versions, 'abc', 'launchpool-description.json'), JSON.stringify(description));
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const input = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: meta } });
  const streams = ['v8', 'tty', ...CONNECTING];
  t.deepEqual(await loadedBeyond(t, ['os', 'vm', ...streams], bench.env, input, 'mcp', label), []);
  const { status, stdout, stderr } = await runProgram([process.execPath, program, 'mcp', label], {
    input,
    env: bench.env,
  });
  t.deepEqual([status, stderr], [0, '']);
  t.deepEqual(
    JSON.parse(stdout.toString()).result.tools.map(({ name }: { name: string }) => name),
    ['pid'],
  );
  t.deepEqual([bench.systemctl.runs(), connections()], [[], 0]);
});

test('--version loads nothing', async (t) => {
  t.deepEqual(await loadedBeyond(t, [], process.env, undefined, '--version'), []);
  const { stdout } = await runProgram([process.execPath, program, '--version']);
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  t.is(stdout.toString(), `${version}\n`);
});

for (const count of [1, 20]) {
  test(`${count} installed: systemctl runs once, no agent is started, the output is that of the whole command line`, async (t) => {
    const bench = await createBench(t, count);
    if (bench === undefined) return;
    const connections = await countConnections(t, bench, bench.labels[0] as string);
    const { stdout } = await runProgram([process.execPath, program, 'list'], { env: bench.env });
    t.is(stdout.toString().trimEnd().split('\n').length, count);
    const runs = bench.systemctl.runs();
    t.is(runs.length, 1);
    t.deepEqual(
      runs[0]?.slice(4),
      bench.labels.flatMap((label) => [`${label}.socket`, `${label}-control.socket`, `${label}.service`]),
    );
    for (const args of [['list'], ['list', '--json'], ['status', bench.labels[0] as string]]) {
      const [whole, quick] = await bench.both(...args);
      t.is(quick.status, 0);
      t.deepEqual(quick, whole, args.join(' '));
    }
    t.is(connections(), 0);
  });
}

test('agents in all kinds of states are printed as by the whole command line', async (t) => {
  const bench = await createBench(t, 9);
  if (bench === undefined) return;
  const [idle, running, unanswering, failed, foreign, masked, damaged, claimed, removed] = bench.labels;
  const { set } = bench.systemctl;
  const service = (label: unknown): string => unitNamesOf(String(label)).service;
  await serve(t, bench, String(running));
  set(service(unanswering), { ActiveState: 'active', SubState: 'running', MainPID: '12' });
  const died = { ExecMainCode: '2', ExecMainStatus: '9', ExecMainExitTimestampMonotonic: '5' };
  set(service(failed), { ActiveState: 'failed', Result: 'signal', ...died });
  set(unitNamesOf(String(foreign)).socket, { FragmentPath: '/usr/lib/systemd/user/other.socket' });
  set(unitNamesOf(String(masked)).socket, { LoadState: 'masked', ActiveState: 'inactive' });
  const recordOf = (label: unknown): string => layoutOf(String(label), hostOf({ home: bench.home, env: {} })).record;
  writeFileSync(recordOf(damaged), '{');
  writeFileSync(recordOf(claimed), JSON.stringify({ format: 1, label: claimed, isUnderWay: true, madeFolders: [] }));
  writeFileSync(
    recordOf(removed),
    JSON.stringify({ ...JSON.parse(readFileSync(recordOf(idle), 'utf8')), label: removed }),
  );
  for (const unit of Object.values(unitNamesOf(String(removed)))) {
    set(unit, { LoadState: 'not-found', ActiveState: 'inactive' });
  }
  // Folders of others, and one whose name is not a label.
  for (const name of ['other', 'not a label']) mkdirSync(join(bench.home, '.local/share/launchpool', name));
  writeFileSync(join(bench.home, '.local/share/launchpool/not a label/launchpool.json'), '{}');

  for (const flags of [[], ['--json']]) {
    const [whole, quick] = await bench.both('list', ...flags);
    t.deepEqual(quick, whole);
    t.is(quick.status, 0);
    const text = quick.stdout.toString();
    t.false(text.includes(String(damaged)) || text.includes(String(claimed)), text);
    for (const state of [
      'idle',
      'running',
      'does not answer',
      'signal 9',
      '/other.socket',
      'masked',
      'not-installed',
    ]) {
      t.true(text.includes(state), state);
    }
  }
  for (const label of [String(unanswering), String(foreign), String(damaged), 'com.example.missing', 'no label']) {
    const [whole, quick] = await bench.both('status', label);
    t.deepEqual(quick, whole, label);
  }
});

test('agents that do not answer are asked about once more, all together', async (t) => {
  const bench = await createBench(t, 4);
  if (bench === undefined) return;
  for (const label of bench.labels.slice(1)) {
    bench.systemctl.set(unitNamesOf(label).service, { ActiveState: 'active', SubState: 'running', MainPID: '12' });
  }
  await runProgram([process.execPath, program, 'list'], { env: bench.env });
  t.deepEqual(
    bench.systemctl.runs().map((args) => args.slice(4).filter((unit) => unit.endsWith('.service')).length),
    [4, 3],
  );
});

test('a systemd that cannot be asked is a state, as the whole command line prints it', async (t) => {
  const bench = await createBench(t, 2);
  if (bench === undefined) return;
  bench.systemctl.fail('Failed to connect to bus: No medium found\n');
  for (const args of [['list'], ['list', '--json'], ['status', bench.labels[0] as string]]) {
    const [whole, quick] = await bench.both(...args);
    t.deepEqual(quick, whole);
    t.regex(quick.stdout.toString(), /unknown/);
  }
});

test('help and wrong usage are answered by the whole command line', async (t) => {
  const env = await ownCache(t);
  for (const args of [
    ['list', '--help'],
    ['call', '-h'],
    ['status'],
    ['status', 'a', 'b'],
    ['list', 'a'],
    ['list', '--jso'],
    ['call'],
    ['call', 'com.example.missing'],
    ['call', '--json', '/tmp/no.sock'],
    ['call', 'a', 'b', '--timeout'],
    ['--version', 'a'],
    ['mcp'],
    ['mcp', '--help'],
    ['mcp', '--config'],
    ['mcp', 'a', '--write'],
  ]) {
    const [whole, quick] = await Promise.all(
      [SOURCES, program].map((entry) => runProgram([process.execPath, entry, ...args], { env })),
    );
    t.deepEqual(quick, whole, args.join(' '));
  }
});

test('the compiled code of a quick verb is saved with access for its owner only, and used by the next start', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/echo.ts'));
  const env = await ownCache(t);
  const folder = join(cacheFolder(env), `${process.version}-${process.arch}`);
  const call = (): Promise<Finished> =>
    runProgram([process.execPath, program, 'call', socketPath, '--raw', 'text'], { env });
  t.is((await call()).stdout.toString(), 'text');
  const files = readdirSync(folder).map((name) => join(folder, name));
  t.is(files.length, 1);
  const [file] = files as [string];
  t.regex(file, /-call\.js\.code$/);
  t.is(statSync(file).mode & 0o777, 0o600);
  const before = statSync(file).mtimeMs;
  t.is((await call()).stdout.toString(), 'text');
  t.is(statSync(file).mtimeMs, before);
});
