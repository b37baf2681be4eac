/** The record of an installation: the module, the version, and the options of an installed agent, as a JSON file. */
import { lstatSync, readFileSync } from 'node:fs';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { ModuleFacts } from '../../workers/task.ts';
import type { SourceState } from './changed-sources.ts';
import type { Host } from './host.ts';
import { type Layout, layoutOf } from './layout.ts';
import type { Origins } from './package-options.ts';

export type InstallRecord = ModuleFacts & {
  /** The version of this format. */
  format: 1;
  /** The version of launchpool. */
  version: string;
  label: string;
  supervisor: 'launchd' | 'systemd' | 'embedded';
  /** Path of the module's source. */
  module: string;
  /** The name of the version's folder. */
  hash: string;
  /** Path of the module's bundle, relative to the version's folder. */
  entry: string;
  /** The Node that the supervisor starts. */
  node: { path: string; version: string };
  /** Path of the agent's log. Undefined if the supervisor keeps the log. */
  logFile?: string | undefined;
  /** PATH of the agent, unless `--env` sets it. Undefined in the record of an earlier launchpool. */
  searchPath?: string;
  /** The own sources, as they were installed. Undefined in the record of an earlier launchpool. */
  sources?: readonly SourceState[] | undefined;
  /** The options of the installation, as the user and the package.json gave them. */
  options: Readonly<Record<string, unknown>>;
  /** When this version was installed, as an ISO 8601 text. Undefined in the record of an earlier launchpool. */
  installedAt?: string | undefined;
  /** The version that a rollback has replaced by this one. */
  rolledBackFrom?: string | undefined;
  /** Which of the options are those of a package.json. Absent if none is. */
  origins?: Origins;
  /** Whether the version has checks of arguments. Absent in the record of an earlier launchpool. */
  checksArguments?: true;
  /** True until the installation is complete. The supervisor may not have read its files yet. */
  isUnderWay?: true;
  /** The folders above the agent's files that launchpool made, for any agent: src/install/made-folders.ts. */
  madeFolders: readonly string[];
};

/** A claim stands at the record's path from the time the agent's folder is made until the record is written. */
export type Claim = Pick<InstallRecord, 'format' | 'version' | 'label' | 'madeFolders'> & { isUnderWay: true };

/** Undefined if the label has no record, or an unreadable one. */
export function readRecord({ record }: Layout): InstallRecord | undefined {
  try {
    return parseRecord(JSON.parse(readFileSync(record, 'utf8')));
  } catch {
    // Another installation replaces a missing record, and a damaged one.
    return undefined;
  }
}

/** Undefined for a value that is no complete record; throws for one that is no object at all. */
export function parseRecord(value: unknown): InstallRecord | undefined {
  const record = value as InstallRecord;
  return isComplete(record) ? record : undefined;
}

/** Whether there is a record, damaged ones included. A claim is not a record: it does not show what else was made. */
export function hasRecord({ record }: Pick<Layout, 'record'>): boolean {
  return lstatSync(record, { throwIfNoEntry: false }) !== undefined && !hasClaim({ record });
}

export function hasClaim({ record }: Pick<Layout, 'record'>): boolean {
  const fields = fieldsOf(record);
  return fields?.isUnderWay === true && fields.module === undefined;
}

/** The folders that a record or a claim names. Other fields may be damaged. */
export function madeFoldersIn(record: string): string[] {
  const folders: unknown = fieldsOf(record)?.madeFolders;
  return Array.isArray(folders) ? folders.filter((folder) => typeof folder === 'string') : [];
}

/** Undefined if the file is missing or damaged. */
function fieldsOf(path: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Whether the fields that the readers of a record depend on are present. */
function isComplete({
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
    hint: '`launchpool list` shows the installed agents. `launchpool install MODULE --label LABEL` installs one.',
  });
}
