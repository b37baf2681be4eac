/** Holds the imports to the arrows of docs/architecture.md. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Room → the rooms it may import from. A room may always import from itself. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  job: ['wire'],
  launchd: ['job', 'wire'],
  systemd: ['job', 'wire'],
  workers: ['wire'],
  'src/log.ts': [],
  'src/handler.ts': [],
  'src/log-file.ts': [],
  'src/options': ['src/log.ts', 'job', 'wire'],
  'src/client': ['wire'],
  'src/gate': ['src/options', 'wire'],
  'src/supervisor': ['launchd', 'systemd', 'job', 'wire'],
  'src/bundle': ['wire'],
  'src/pool': ['workers', 'wire'],
  'src/dispatch': ['src/pool', 'workers', 'wire'],
  'src/agent': ['src/options', 'src/dispatch', 'src/pool', 'src/gate', 'src/log.ts', 'wire'],
  // Of the agent its flags alone.
  'src/install': [
    'src/options',
    'src/agent',
    'src/bundle',
    'src/client',
    'src/supervisor',
    'launchd',
    'systemd',
    'job',
    'wire',
  ],
  // Of the pool the first thread alone, which starts before the agent is loaded.
  'src/cli': [
    'src/options',
    'src/install',
    'src/bundle',
    'src/agent',
    'src/pool',
    'src/client',
    'src/supervisor',
    'src/log.ts',
    'src/log-file.ts',
    'job',
    'wire',
  ],
  'src/index.ts': ['src/install', 'src/client', 'src/supervisor', 'job', 'wire'],
};

/** Packages, by the only rooms that may load them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  koffi: ['launchd', 'systemd', 'src/supervisor', 'src/gate'],
  piscina: ['src/pool'],
  pino: ['src/log.ts'],
  'prom-client': ['src/agent'],
  'pino-pretty': ['src/log.ts', 'src/cli'],
  commander: ['src/cli'],
  listr2: ['src/cli'],
  execa: ['job', 'src/install'],
  plist: ['launchd'],
  zod: ['launchd'],
  esbuild: ['src/bundle'],
  '@vercel/nft': ['src/bundle'],
  'write-file-atomic': ['src/install'],
};

type Import = { from: string; specifier: string; typeOnly: boolean };

const files = globSync('{wire,job,launchd,systemd,workers,src}/**/*.ts', { cwd: root });
const imports: Import[] = files.flatMap((from) => importsOf(from));

function importsOf(from: string): Import[] {
  const source = readFileSync(join(root, from), 'utf8');
  const statements = source.matchAll(
    /^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm,
  );
  return [...statements].map(([, type, specifier, dynamic]) => ({
    from,
    specifier: (specifier ?? dynamic) as string,
    typeOnly: type !== undefined,
  }));
}

function roomOf(file: string): string {
  const [first = '', second = ''] = file.split('/');
  return first === 'src' ? `src/${second}` : first;
}

function targetOf({ from, specifier }: Import): string {
  return relative(root, join(root, dirname(from), specifier));
}

test('every file is in a room of the table', (t) => {
  t.true(files.length > 30);
  t.deepEqual(
    [...new Set(files.map(roomOf))].filter((room) => !(room in ARROWS)),
    [],
  );
});

test('rooms import only along the arrows', (t) => {
  const relatives = imports.filter(({ specifier }) => specifier.startsWith('.'));
  t.true(relatives.length > 80);
  const wrong = relatives.filter((found) => {
    const [here, there] = [roomOf(found.from), roomOf(targetOf(found))];
    return here !== there && !ARROWS[here]?.includes(there);
  });
  t.deepEqual(wrong, []);
});

test('the arrows of the table have no cycle', (t) => {
  const reaches = (room: string, goal: string): boolean =>
    (ARROWS[room] ?? []).some((next) => next === goal || reaches(next, goal));
  t.deepEqual(
    Object.keys(ARROWS).filter((room) => reaches(room, room)),
    [],
  );
});

test('every relative import names a file that is there', (t) => {
  const known = new Set(files);
  const relatives = imports.filter(({ specifier }) => specifier.startsWith('.'));
  t.deepEqual(
    relatives.filter((found) => !known.has(targetOf(found))),
    [],
  );
});

test('packages are loaded only where they are at home', (t) => {
  const packages = imports.filter(({ specifier }) => !specifier.startsWith('.') && !specifier.startsWith('node:'));
  t.true(packages.length >= 5);
  const wrong = packages.filter(({ from, specifier }) => !PACKAGES[specifier]?.includes(roomOf(from)));
  t.deepEqual(wrong, []);
});

test('what leads from a file to others never leads back to it', (t) => {
  const targets = new Map<string, string[]>();
  for (const found of imports) {
    if (!found.specifier.startsWith('.') || found.typeOnly) continue;
    targets.set(found.from, [...(targets.get(found.from) ?? []), targetOf(found)]);
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
  const long = files.filter((file) => readFileSync(join(root, file), 'utf8').split('\n').length > 251);
  t.deepEqual(long, []);
});

test('what the sources import is installed with the package', (t) => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const name of Object.keys(PACKAGES)) t.true(Object.hasOwn(dependencies, name), name);
});
