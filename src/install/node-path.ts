/** Which Node an installed agent runs on: one that will still be there after the next upgrade of Node. */
import { existsSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { Host } from '../installed/host.ts';

/** package.json says the same of the package. */
const MIN_VERSION = [22, 20] as const;

export type NodeChoice = {
  /** What the supervisor shall start, if it is not copied. */
  path: string;
  /** Whether it must be copied, since it will not stay where it is. */
  mustCopy: boolean;
  /** What the user should know, as sentences. */
  notes: string[];
};

/** Folders that last as long as one version does, by who makes them. */
const VERSIONED: readonly [pattern: RegExp, manager: string][] = [
  [/\/\.?nvm\/versions\//, 'nvm'],
  [/\/fnm\/node-versions\//, 'fnm'],
  [/\/\.?volta\/tools\//, 'Volta'],
  [/\/\.?asdf\/installs\//, 'asdf'],
  [/\/mise\/installs\//, 'mise'],
  [/\/n\/versions\//, 'n'],
  [/\/\.nodenv\/versions\//, 'nodenv'],
];

/**
 * @param options what the user has asked for, if anything.
 * @throws ERR_LAUNCHPOOL_NODE_UNFIT
 */
export function chooseNode(
  { execPath }: Pick<Host, 'execPath'>,
  { node: given, copyNode = false }: { node?: string | undefined; copyNode?: boolean | undefined } = {},
): NodeChoice {
  const asked = resolve(given ?? execPath);
  if (!existsSync(asked)) throw unfit(`there is no ${asked}`, 'Give the path of a Node with --node.');
  const path = stablePathOf(asked);
  if (path.includes('/node_modules/')) {
    return { path, mustCopy: true, notes: [`Node is copied: ${path} goes when its package does.`] };
  }
  if (copyNode) return { path: realpathSync(path), mustCopy: true, notes: [] };
  const real = realpathSync(path);
  if (isPassing(real)) {
    throw unfit(`${asked} is in a folder for what does not last`, 'Give another with --node, or --copy-node.');
  }
  if (isPassing(asked)) {
    throw unfit(
      `${asked} is there as long as this shell only`,
      `Give what it stands for, --node ${real}, or --copy-node.`,
    );
  }
  const manager = VERSIONED.find(([pattern]) => pattern.test(real))?.[1];
  if (manager === undefined) return { path, mustCopy: false, notes: [] };
  const note = `${path} goes when ${manager} removes this version; --copy-node takes it along.`;
  return { path, mustCopy: false, notes: [note] };
}

/** fnm makes a folder of links for each shell; others put such things into folders for what does not last. */
function isPassing(path: string): boolean {
  return /\/fnm_multishells\//.test(path) || /^(\/private)?\/(tmp|var\/folders)\//.test(path);
}

/**
 * Homebrew keeps each version in a folder of its own, under Cellar, and has a link under opt that outlives upgrades
 * (https://docs.brew.sh/Formula-Cookbook). A link that the user gives is left as it is.
 */
function stablePathOf(path: string): string {
  const real = realpathSync(path);
  const [, prefix, formula, rest] = /^(.*)\/Cellar\/([^/]+)\/[^/]+\/(.*)$/.exec(real) ?? [];
  if (prefix === undefined || formula === undefined || rest === undefined) return path;
  const stable = join(prefix, 'opt', formula, rest);
  return existsSync(stable) ? stable : real;
}

/**
 * @param printed what `node --version` says.
 * @returns the version without its `v`.
 * @throws ERR_LAUNCHPOOL_NODE_UNFIT
 */
export function checkNodeVersion(path: string, printed: string): string {
  const [, version, major, minor] = /^v((\d+)\.(\d+)\.\d+\S*)\s*$/.exec(printed) ?? [];
  if (version === undefined) throw unfit(`${path} --version says ${JSON.stringify(printed.slice(0, 60))}`);
  const isOld = Number(major) < MIN_VERSION[0] || (Number(major) === MIN_VERSION[0] && Number(minor) < MIN_VERSION[1]);
  if (!isOld) return version;
  throw unfit(
    `${path} is Node ${version}, and ${MIN_VERSION.join('.')} or later is needed`,
    'Give another with --node.',
  );
}

function unfit(message: string, hint = 'Give the path of a Node with --node.'): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_NODE_UNFIT', message, { hint });
}
