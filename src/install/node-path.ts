/** Chooses the path of the Node that runs an installed agent. The path must outlast the next upgrade of Node. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LaunchpoolError } from '../../wire/errors.ts';
import { shellWord } from '../../wire/shell-word.ts';
import type { Host } from '../installed/host.ts';

/** The same as `engines` in package.json. */
const MIN_VERSION = [22, 20] as const;

export type NodeChoice = {
  /** The path that the supervisor starts, or the Node to copy. */
  path: string;
  /** Whether the Node has to be copied. */
  mustCopy: boolean;
  /** Notes for the user, as sentences. */
  notes: string[];
};

/** Folders that a version manager removes with the version, by the documentation of each. */
const VERSIONED: readonly [pattern: RegExp, manager: string][] = [
  [/\/\.?nvm\/versions\//, 'nvm'],
  [/\/\.?fnm\/node-versions\//, 'fnm'],
  [/\/\.?volta\/tools\//, 'Volta'],
  [/\/\.?asdf\/installs\//, 'asdf'],
  [/\/(?:mise|rtx)\/installs\//, 'mise'],
  [/\/\.?n\/versions\//, 'n'],
  [/\/\.?nodenv\/versions\//, 'nodenv'],
  [/\/\.?nodebrew\/node\//, 'nodebrew'],
  [/\/\.?proto\/tools\//, 'proto'],
  [/\/\.?pnpm\/nodejs\//, 'pnpm'],
  [/\/\.?vfox\/|\/\.version-fox\//, 'vfox'],
];
/** Links lead to the versions in the store, whose unused ones are removed: https://nix.dev/manual/nix/stable/store/ */
const NIX_STORE = '/nix/store/';
const NIX_PROFILE = /\/(?:\.nix-profile|profiles|current-system)\//;

/**
 * @param options the user's choice, if there is one. @default this process's Node
 * @throws ERR_LAUNCHPOOL_NODE_UNFIT
 */
export function chooseNode(
  { execPath }: Pick<Host, 'execPath'>,
  { node, copyNode = false }: { node?: string | undefined; copyNode?: boolean | undefined } = {},
): NodeChoice {
  const asked = resolve(node ?? execPath);
  if (!existsSync(asked)) throw unfit(`${asked} does not exist`);
  const path = stablePathOf(asked);
  if (path.includes('/node_modules/')) {
    return { path, mustCopy: true, notes: [`Node is copied (${sizeOf(path)}): ${path} is removed with its package.`] };
  }
  const real = realpathSync(path);
  if (copyNode) return { path: real, mustCopy: true, notes: [`Node is copied (${sizeOf(real)}).`] };
  if (isTemporary(real)) {
    throw unfit(`${asked} is in a temporary folder`, 'Choose another Node with --node, or add --copy-node.');
  }
  if (isTemporary(asked)) {
    throw unfit(
      `${asked} exists only as long as this shell`,
      `Choose the Node that it links to with --node ${shellWord(real)}, or add --copy-node.`,
    );
  }
  if (real.startsWith(NIX_STORE) && !NIX_PROFILE.test(path)) {
    const note = `${real} is removed when Nix collects garbage. Name the link of a profile, such as --node ~/.nix-profile/bin/node.`;
    return { path, mustCopy: false, notes: [note] };
  }
  const manager = VERSIONED.find(([pattern]) => pattern.test(real))?.[1];
  if (manager === undefined) return { path, mustCopy: false, notes: [] };
  const note = `${path} is removed when ${manager} removes this version. --copy-node keeps a copy.`;
  return { path, mustCopy: false, notes: [note] };
}

function sizeOf(path: string): string {
  return `${Math.round(statSync(path).size / 1_000_000)} MB`;
}

/** fnm makes a folder of links for each shell; other tools make theirs in temporary folders. */
function isTemporary(path: string): boolean {
  return /\/fnm_multishells\//.test(path) || /^(\/private)?\/(tmp|var\/folders)\//.test(path);
}

/**
 * Homebrew has a folder for each version, under Cellar, and a link under opt that outlasts upgrades
 * (https://docs.brew.sh/Formula-Cookbook). Any other link that the user gives stays as it is.
 */
function stablePathOf(path: string): string {
  const real = realpathSync(path);
  const [, prefix, formula, rest] = /^(.*)\/Cellar\/([^/]+)\/[^/]+\/(.*)$/.exec(real) ?? [];
  if (prefix === undefined || formula === undefined || rest === undefined) return path;
  const stable = join(prefix, 'opt', formula, rest);
  return existsSync(stable) ? stable : real;
}

/**
 * @param printed the output of `node --version`.
 * @returns the version without its `v`.
 * @throws ERR_LAUNCHPOOL_NODE_UNFIT
 */
export function checkNodeVersion(path: string, printed: string): string {
  const [, version, major, minor] = /^v((\d+)\.(\d+)\.\d+\S*)\s*$/.exec(printed) ?? [];
  if (version === undefined) throw unfit(`${path} --version prints ${JSON.stringify(printed.slice(0, 60))}`);
  const isOld = Number(major) < MIN_VERSION[0] || (Number(major) === MIN_VERSION[0] && Number(minor) < MIN_VERSION[1]);
  if (!isOld) return version;
  throw unfit(
    `${path} is Node ${version}; the minimum is ${MIN_VERSION.join('.')}`,
    'Choose another Node with --node.',
  );
}

function unfit(message: string, hint = 'Choose a Node with --node.'): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_NODE_UNFIT', message, { hint });
}
