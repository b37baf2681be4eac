/** The contenders: the name and the command of each, and the kinds that are missing on this machine. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { findPythons, type Python } from '../test/helpers/pythons.ts';
import { COLD_KINDS, coldContenders } from './cold-line-up.ts';
import { calibrateSpins, SPINS_VARIABLE } from './handlers/burn.ts';
import type { Contender, Setting } from './line-up-entry.ts';
import { QUESTION_KINDS, questionContenders } from './question-line-up.ts';

export type { Contender } from './line-up-entry.ts';

export type LineUp = {
  contenders: readonly Contender[];
  /** Kinds without a contender, with the reason. */
  missing: readonly { kind: string; why: string }[];
};

const NODE_KINDS = [
  'launchpool',
  'inline',
  'inline-zero-copy',
  'naive-piscina',
  'tinypool',
  'poolifier',
  'workerpool',
  'cluster',
];
const PYTHON_KINDS = ['python-threads', 'python-pool'];
const BORROWING = 'launchpool-borrowed';
export const KINDS: readonly string[] = [
  ...NODE_KINDS,
  BORROWING,
  ...PYTHON_KINDS,
  'ceiling',
  ...COLD_KINDS,
  ...QUESTION_KINDS,
];

export type LineUpOptions = {
  /** The compiled load generator, whose `serve` is the contender `ceiling`. */
  generator: string;
  /** The folder of the compiled contenders. */
  built: string;
  /** If false, only the newest Python takes part. */
  everyPython: boolean;
  /** Other checkouts of launchpool. */
  beside: readonly { name: string }[];
  /** Paths of other Node programs. */
  nodes: readonly string[];
};

const BESIDE = 'beside';
/** The kinds of another checkout of launchpool: each takes part wherever its twin does, and is compared with it. */
export const TWINS: Readonly<Record<string, string>> = { [BESIDE]: 'launchpool', [`${BESIDE}-borrowed`]: BORROWING };

/** The folder of another checkout's compiled contenders. */
export function besideFolder(built: string, name: string): string {
  return join(built, BESIDE, name);
}

export function readLineUp({ generator, built, everyPython, beside, nodes }: LineUpOptions): LineUp {
  const pythons = findPythons();
  const chosen = everyPython ? pythons : pythons.slice(-1);
  const spins = once(() => String(calibrateSpins()));
  const contenders = [
    ...NODE_KINDS.map((kind) => nodeContender(kind, built, spins)),
    borrowing(nodeContender('launchpool', built, spins)),
    ...beside.flatMap(({ name }) => {
      const other = nodeContender('launchpool', besideFolder(built, name), spins);
      return [
        { ...other, name: `launchpool:${name}`, kind: BESIDE },
        { ...borrowing(other), name: `${BORROWING}:${name}`, kind: `${BESIDE}-borrowed` },
      ];
    }),
    ...chosen.flatMap((python) => pythonContenders(python)),
    ceiling(generator),
    ...coldContenders({ generator, built, pythons: chosen, nodes }),
    ...questionContenders(),
  ];
  const why = 'no Python 3.8 or newer is on the PATH or under pyenv';
  return { contenders, missing: pythons.length === 0 ? PYTHON_KINDS.map((kind) => ({ kind, why })) : [] };
}

function nodeContender(kind: string, built: string, spins: () => string): Contender {
  return {
    name: kind,
    kind,
    command: (setting) => [process.execPath, join(built, 'bench', 'contenders', `${kind}.js`), ...argumentsOf(setting)],
    env: () => ({ [SPINS_VARIABLE]: spins(), XDG_CACHE_HOME: join(built, 'cache') }),
  };
}

/** launchpool with a handler that borrows long messages. */
function borrowing(launchpool: Contender): Contender {
  return {
    ...launchpool,
    name: BORROWING,
    kind: BORROWING,
    command: (setting) => launchpool.command({ ...setting, handler: `${setting.handler}-borrowed` }),
  };
}

function pythonContenders({ path, version }: Python): Contender[] {
  const short = version.split('.').slice(0, 2).join('.');
  const handlers = join(import.meta.dirname, 'handlers', 'handlers.py');
  const spins = once(() => execFileSync(path, [handlers], { encoding: 'utf8' }).trim());
  return PYTHON_KINDS.map((kind) => ({
    name: kind.replace('python', `python${short}`),
    kind,
    command: (setting) => [
      path,
      join(import.meta.dirname, 'contenders', `${kind.replace('-', '_')}.py`),
      ...argumentsOf(setting),
    ],
    // Without PYTHONDONTWRITEBYTECODE, Python would leave compiled files in the checkout.
    env: () => ({ BENCH_PYTHON_SPINS_PER_US: spins(), PYTHONDONTWRITEBYTECODE: '1' }),
  }));
}

function ceiling(generator: string): Contender {
  return {
    name: 'ceiling',
    kind: 'ceiling',
    command: ({ socketPath, mode, handler }) => {
      const expect = handler === 'echo' ? 'echo' : 'rot13';
      return [generator, 'serve', '--socket', socketPath, '--mode', mode, '--expect', expect];
    },
    env: () => ({}),
  };
}

function argumentsOf({ socketPath, mode, threads, handler }: Setting): string[] {
  return [socketPath, mode, String(threads), handler];
}

/** Whether `wanted` means this contender: by its name, its kind, or the beginning of its name, as in `python3.13`. */
export function isWanted({ name, kind }: Pick<Contender, 'name' | 'kind'>, wanted: readonly string[]): boolean {
  return wanted.some((each) => each === name || each === kind || (each.startsWith('python') && name.startsWith(each)));
}

function once<T>(make: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
