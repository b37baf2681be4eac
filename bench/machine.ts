/** Describes the machine of the figures: figures of two machines are not comparable. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';

export type Machine = {
  cpu: string;
  cores: number;
  memoryGiB: number;
  /** The average number of processes that could run, over the minute before the bench. */
  loadAverage: number;
  os: string;
  node: string;
  compiler: string;
  /** The versions of the other contenders' packages. */
  packages: Record<string, string>;
};

const PACKAGES = ['piscina', 'tinypool', 'poolifier', 'workerpool'];

export function readMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round((totalmem() / 2 ** 30) * 10) / 10,
    loadAverage: Math.round((loadavg()[0] ?? 0) * 100) / 100,
    os: `${type()} ${release()} ${arch()}`,
    node: process.version,
    compiler: firstLineOf(process.env.CC ?? 'cc', ['--version']) ?? 'unknown',
    packages: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
  };
}

/** Files that runs write themselves do not change the measured code. */
const RESULTS = ['bench/charts', 'bench/results.json', 'chaos/results', 'docs'].map((path) => `:(top,exclude)${path}`);

/** The commit that was measured, with a plus if files differ from it. */
export function readCommit(): string {
  const commit = firstLineOf('git', ['rev-parse', '--short=12', 'HEAD']);
  if (commit === undefined) return 'unknown';
  const changed = firstLineOf('git', ['status', '--porcelain', '--untracked-files=no', '--', ':(top)', ...RESULTS]);
  return changed === undefined || changed === '' ? commit : `${commit}+`;
}

function versionOf(name: string): string {
  try {
    // Some packages do not export package.json, but their main file stands in the package's folder.
    const path = createRequire(import.meta.url).resolve(name);
    const folder = path.slice(0, path.lastIndexOf(`node_modules/${name}/`) + `node_modules/${name}/`.length);
    return (createRequire(import.meta.url)(`${folder}package.json`) as { version: string }).version;
  } catch {
    return 'missing';
  }
}

function firstLineOf(program: string, args: readonly string[]): string | undefined {
  try {
    const text = execFileSync(program, args, {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.split('\n')[0]?.trim();
  } catch {
    // No such program, or no git checkout.
    return undefined;
  }
}
