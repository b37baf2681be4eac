/** What was installed under a label, and how, as it is written down beside it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { Host } from './host.ts';
import { type Layout, layoutOf, parentOf, RECORD } from './layout.ts';

export type InstallRecord = {
  /** Of this form of record. */
  format: 1;
  /** Of launchpool. */
  version: string;
  label: string;
  supervisor: 'launchd' | 'systemd' | 'embedded';
  /** Where the module was taken from. */
  module: string;
  kind: 'raw' | 'rpc';
  /** What an RPC agent can be asked. */
  methods: readonly string[];
  /** The name of the version's folder. */
  hash: string;
  /** Of the file to be loaded, in that folder. */
  entry: string;
  /** The path that the supervisor starts, and its version. */
  node: { path: string; version: string };
  /** Where the agent's log goes, unless to the supervisor's own. */
  logFile?: string | undefined;
  /** As they were given. */
  options: Readonly<Record<string, unknown>>;
  /** That it was begun, and not that it was finished: the supervisor may not have seen the files yet. */
  isUnderWay?: true;
  /** Folders that were made for it and that are not its own, the innermost last. */
  madeFolders: readonly string[];
};

/** Undefined when nothing is installed under that label, or what is there cannot be read. */
export function readRecord({ record }: Layout): InstallRecord | undefined {
  try {
    const found = JSON.parse(readFileSync(record, 'utf8')) as InstallRecord;
    return isWhole(found) ? found : undefined;
  } catch {
    // Not there, or cut off by hand: to install again is the way out of both.
    return undefined;
  }
}

/** Whoever reads it relies on these. */
function isWhole({
  format,
  label,
  module,
  hash,
  entry,
  kind,
  methods,
  node,
  options,
  madeFolders,
}: InstallRecord): boolean {
  return (
    format === 1 &&
    [label, module, hash, entry, kind, node.path, node.version].every((text) => typeof text === 'string') &&
    [methods, madeFolders].every((list) => Array.isArray(list) && list.every((text) => typeof text === 'string')) &&
    typeof options === 'object' &&
    options !== null
  );
}

/** @throws ERR_LAUNCHPOOL_NOT_INSTALLED */
export function mustBeInstalled(label: string, host: Host): InstallRecord {
  const record = readRecord(layoutOf(label, host));
  if (record !== undefined) return record;
  throw new LaunchpoolError('ERR_LAUNCHPOOL_NOT_INSTALLED', `no agent is installed as ${label}`, {
    hint: '`launchpool list` shows which are; `launchpool install MODULE --label LABEL` installs one.',
  });
}

/** The labels that something is installed under, in alphabetical order. */
export function installedLabels(host: Host): string[] {
  const parent = parentOf(host);
  const isOwned = (label: string): boolean => {
    try {
      return readRecord(layoutOf(label, host)) !== undefined;
    } catch {
      // The name of a folder that is no label.
      return false;
    }
  };
  try {
    return readdirSync(parent)
      .filter((name) => readdirSafely(join(parent, name)).includes(RECORD) && isOwned(name))
      .sort();
  } catch {
    // The folder is made by the first installation.
    return [];
  }
}

function readdirSafely(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No folder, or one that is not for us to read.
    return [];
  }
}
