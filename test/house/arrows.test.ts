/** Holds the imports, those of types included, to the arrows of docs/architecture.md. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Room → the rooms it may import from. A room is a folder or a file; a file belongs to the longest entry that contains it.
 * A room may always import from itself.
 */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  // Below src/: the protocol, the supervisors, the worker threads.
  wire: [],
  // Imported for its effect, by the entries of the package.
  'wire/node-version.ts': [],
  description: ['wire'],
  job: ['wire'],
  libc: ['wire'],
  launchd: ['job', 'libc', 'wire'],
  systemd: ['job', 'libc', 'wire'],
  workers: ['description', 'wire'],

  // The agent.
  'src/log-output.ts': ['libc'],
  'src/standard-streams.ts': ['src/log-output.ts'],
  'src/make-folder.ts': [],
  'src/developer-text.ts': ['wire'],
  'src/log.ts': ['src/developer-text.ts', 'src/standard-streams.ts'],
  'src/log-file.ts': [],
  'src/profiles': [],
  'src/handler.ts': ['src/checked-arguments.ts', 'wire/node-version.ts'],
  'src/checked-arguments.ts': ['wire'],
  'src/version.ts': [],
  'src/options': ['src/log.ts', 'job', 'wire'],
  'src/activation': ['launchd', 'systemd', 'wire'],
  'src/gate': ['src/options', 'libc', 'wire'],
  'src/pool': ['workers', 'wire'],
  'src/module': ['workers', 'wire'],
  'src/dispatch/batch-size.ts': ['src/pool', 'workers'],
  'src/dispatch/deque.ts': [],
  'src/dispatch/spin-wait.ts': [],
  'src/dispatch/stall-detector.ts': [],
  'src/dispatch/connection': ['src/dispatch/deque.ts', 'workers', 'wire'],
  'src/dispatch/cancel': ['src/dispatch/connection', 'src/pool', 'workers', 'wire'],
  'src/dispatch/methods': ['src/dispatch/connection', 'src/dispatch/deque.ts'],
  'src/dispatch/epoch.ts': [],
  'src/dispatch/stream': ['src/dispatch/connection', 'src/pool', 'workers', 'wire'],
  'src/dispatch/batch': [
    'src/dispatch/cancel',
    'src/dispatch/connection',
    'src/dispatch/batch-size.ts',
    'src/dispatch/deque.ts',
    'src/dispatch/epoch.ts',
    'src/dispatch/spin-wait.ts',
    'src/dispatch/stall-detector.ts',
    'src/pool',
    'workers',
    'wire',
  ],
  'src/dispatch/long': [
    'src/dispatch/cancel',
    'src/dispatch/connection',
    'src/dispatch/batch-size.ts',
    'src/dispatch/deque.ts',
    'src/dispatch/epoch.ts',
    'src/dispatch/spin-wait.ts',
    'src/dispatch/stall-detector.ts',
    'src/pool',
    'workers',
    'wire',
  ],
  'src/dispatch': [
    'src/dispatch/batch-size.ts',
    'src/dispatch/batch',
    'src/dispatch/cancel',
    'src/dispatch/connection',
    'src/dispatch/long',
    'src/dispatch/methods',
    'src/dispatch/stall-detector.ts',
    'src/dispatch/stream',
    'src/pool',
    'workers',
    'wire',
  ],
  'src/agent/connections': [
    'src/dispatch',
    'src/dispatch/connection',
    'src/gate',
    'src/log.ts',
    'libc',
    'workers',
    'wire',
  ],
  'src/agent': [
    'src/agent/connections',
    'src/dispatch',
    'src/gate',
    'src/log.ts',
    'src/options',
    'src/pool',
    'src/version.ts',
    'workers',
    'wire',
  ],

  // Around the agent: its holder, its clients, its installation.
  'src/holder': ['src/activation', 'src/make-folder.ts', 'libc', 'job', 'wire'],
  // Links over NATS, for both sides of them.
  'src/nats': ['wire'],
  'src/client': ['src/nats', 'wire', 'wire/node-version.ts'],
  'src/bundle': ['wire'],
  'src/describe': ['description'],
  'src/checks': ['description'],
  // The options of the agent; the Node flags of activation; the type of a module's facts of the worker threads.
  'src/installed': [
    'src/activation',
    'src/agent',
    'src/bundle',
    'src/nats',
    'src/options',
    'launchd',
    'systemd',
    'workers',
    'job',
    'wire',
  ],
  // The type of the agent's status.
  'src/control': ['src/agent', 'src/client', 'src/installed', 'job', 'wire'],
  'src/install': [
    'src/agent',
    'src/bundle',
    'src/client',
    'src/control',
    'src/checks',
    'src/describe',
    'src/installed',
    'src/module',
    'src/nats',
    'src/options',
    'src/version.ts',
    'description',
    'workers',
    'libc',
    'job',
    'wire',
  ],
  'src/install/doctor': [
    'src/agent',
    'src/control',
    'src/install',
    'src/installed',
    'src/module',
    'src/options',
    'launchd',
    'libc',
    'job',
    'wire',
  ],
  'src/install/report': [
    'src/client',
    'src/control',
    'src/install',
    'src/install/doctor',
    'src/installed',
    'src/version.ts',
    'launchd',
    'libc',
    'wire',
  ],
  // The bridge: reads the files of installed agents, and calls them as any client.
  'src/mcp': ['src/client', 'src/installed', 'src/version.ts', 'description', 'wire'],
  'src/mcp/clients': ['src/installed', 'src/options', 'src/version.ts', 'wire'],
  // What tests of an agent load: the agent's flags, and none of the command line.
  'src/testing': [
    'src/activation',
    'src/agent',
    'src/bundle',
    'src/client',
    'src/control',
    'src/holder',
    'src/options',
    'libc',
    'wire',
    'wire/node-version.ts',
  ],
  // The agent of a process as a service on NATS.
  'src/serve': [
    'src/agent',
    'src/client',
    'src/log.ts',
    'src/nats',
    'src/version.ts',
    'description',
    'workers',
    'wire',
  ],
  // The pool's first thread, which starts before the agent is loaded.
  'src/cli': [
    'src/activation',
    'src/agent',
    'src/bundle',
    'src/client',
    'src/control',
    'src/checks',
    'src/describe',
    'src/holder',
    'src/install',
    'src/install/doctor',
    'src/install/report',
    'src/installed',
    'src/developer-text.ts',
    'src/log.ts',
    'src/log-file.ts',
    'src/make-folder.ts',
    'src/mcp',
    'src/mcp/clients',
    'src/standard-streams.ts',
    'src/module',
    'src/options',
    'src/pool',
    'src/profiles',
    'src/serve',
    'src/version.ts',
    'description',
    'workers',
    'libc',
    'job',
    'wire',
  ],
  'src/index.ts': [
    'src/cli',
    'src/client',
    'src/control',
    'src/holder',
    'src/install',
    'src/install/doctor',
    'src/installed',
    'job',
    'wire',
    'wire/node-version.ts',
  ],

  // What ships and runs before the agent, the build, and the tools of the repository.
  boot: ['src/activation', 'src/cli', 'src/make-folder.ts', 'src/pool', 'description', 'workers', 'wire'],
  build: ['src/options'],
  bench: [
    'src/activation',
    'src/checks',
    'src/client',
    'src/describe',
    'src/holder',
    'src/install',
    'src/installed',
    'src/module',
    'src/nats',
    'systemd',
    'job',
    'description',
    'test',
  ],
  chaos: [
    'bench',
    'build',
    'src/activation',
    'src/agent/connections',
    'src/client',
    'src/control',
    'src/handler.ts',
    'src/holder',
    'test',
    'wire',
  ],
};

/** The rooms that src/ is built on. */
const BELOW_SRC: readonly string[] = ['wire', 'description', 'job', 'libc', 'launchd', 'systemd', 'workers'];

/** Dependencies of the package, with the only rooms that may load them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  koffi: ['libc', 'boot'],
  piscina: ['src/pool', 'boot', 'bench'],
  pino: ['src/log.ts', 'bench'],
  'prom-client': ['src/agent'],
  'pino-pretty': ['src/log.ts', 'src/cli'],
  commander: ['src/cli', 'bench'],
  listr2: ['src/cli'],
  execa: ['src/install'],
  plist: ['launchd', 'bench'],
  zod: ['launchd'],
  esbuild: ['src/bundle', 'src/install', 'build', 'bench'],
  acorn: ['src/bundle', 'src/describe'],
  'get-tsconfig': ['src/bundle', 'src/describe'],
  '@bomb.sh/tab': ['src/cli'],
  '@vercel/nft': ['src/bundle'],
  'write-file-atomic': ['src/install', 'src/mcp/clients'],
  'jsonc-parser': ['src/mcp/clients'],
};

/** Development dependencies, with the only rooms that may load them. */
const DEV_PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'cli-progress': ['bench'],
  echarts: ['bench', 'chaos'],
  msgpackr: ['wire', 'boot'],
  poolifier: ['bench'],
  tinypool: ['bench'],
  workerpool: ['bench'],
};

type Import = { from: string; specifier: string };

const PRODUCT = '{wire,description,job,libc,launchd,systemd,workers,boot,build,src}/**/*.{ts,cts}';
const productFiles = globSync(PRODUCT, { cwd: root });
const files = [...productFiles, ...globSync('{bench,chaos}/**/*.{ts,cts}', { cwd: root })];
const imports: Import[] = files.flatMap((from) => importsOf(from));
const relativeImports = imports.filter(({ specifier }) => specifier.startsWith('.'));

function importsOf(from: string): Import[] {
  const source = readFileSync(join(root, from), 'utf8');
  const statements = source.matchAll(
    /^(?:import|export)\s+(?:type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\b(?:import|require)\('([^']+)'\)/gm,
  );
  return [...statements].map(([, specifier, call]) => ({ from, specifier: (specifier ?? call) as string }));
}

/** Undefined for a file outside of the table, such as those of test/. */
function knownRoomOf(file: string): string | undefined {
  const rooms = Object.keys(ARROWS).filter((room) => file === room || file.startsWith(`${room}/`));
  return rooms.toSorted((a, b) => b.length - a.length)[0];
}

function roomOf(file: string): string {
  return knownRoomOf(file) ?? (file.split('/')[0] as string);
}

/** CommonJS sources, .cts, import each other by the names of their output. */
function targetOf({ from, specifier }: Import): string {
  return relative(root, join(root, dirname(from), specifier.replace(/\.cjs$/, '.cts')));
}

/** `@scope/name` or `name`, without the path of a file within the package. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

test('every file is in a room of the table', (t) => {
  t.true(files.length > 200);
  t.deepEqual(
    files.filter((file) => knownRoomOf(file) === undefined),
    [],
  );
});

test('rooms import only along the arrows', (t) => {
  t.true(relativeImports.length > 500);
  const wrong = relativeImports.filter((each) => {
    const [here, there] = [roomOf(each.from), roomOf(targetOf(each))];
    return here !== there && !ARROWS[here]?.includes(there);
  });
  t.deepEqual(wrong, []);
});

test('rooms below src/ never import src/', (t) => {
  const lower = relativeImports.filter(({ from }) => BELOW_SRC.includes(roomOf(from)));
  t.true(BELOW_SRC.every((room) => files.some((file) => roomOf(file) === room)));
  t.true(lower.length > 40);
  t.deepEqual(
    lower.filter((each) => targetOf(each).startsWith('src/')),
    [],
  );
});

test('the arrows of the table have no cycle', (t) => {
  const reaches = (room: string, goal: string): boolean =>
    (ARROWS[room] ?? []).some((next) => next === goal || reaches(next, goal));
  t.deepEqual(
    Object.keys(ARROWS).filter((room) => reaches(room, room)),
    [],
  );
});

test('every relative import names an existing file', (t) => {
  const known = new Set([...files, ...globSync('test/**/*.ts', { cwd: root })]);
  t.deepEqual(
    relativeImports.filter((each) => !known.has(targetOf(each))),
    [],
  );
});

test('only the rooms of the table load a package', (t) => {
  const packages = imports.filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'));
  t.true(packages.length >= 15);
  const wrong = packages.filter(({ from, specifier }) => {
    const name = packageOf(specifier);
    return !(PACKAGES[name] ?? DEV_PACKAGES[name])?.includes(roomOf(from));
  });
  t.deepEqual(wrong, []);
});

test('no chain of imports, types included, leads from a file back to itself', (t) => {
  const targets = new Map<string, string[]>();
  for (const each of relativeImports) {
    targets.set(each.from, [...(targets.get(each.from) ?? []), targetOf(each)]);
  }
  const leadsBack = (file: string): boolean => {
    const seen = new Set<string>();
    const walk = (at: string): boolean =>
      (targets.get(at) ?? []).some((next) => {
        if (next === file) return true;
        if (seen.has(next)) return false;
        seen.add(next);
        return walk(next);
      });
    return walk(file);
  };
  t.deepEqual(files.filter(leadsBack), []);
});

test('no product file has more than 250 lines', (t) => {
  const long = productFiles.filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 251);
  t.deepEqual(long, []);
});

test('every package of the table is a dependency', (t) => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const name of Object.keys(PACKAGES)) t.true(Object.hasOwn(dependencies, name), name);
  for (const name of Object.keys(DEV_PACKAGES)) t.true(Object.hasOwn(devDependencies, name), name);
});
