/**
 * The earlier versions of an agent that are kept. The folder of each has a file with the record that it was replaced with:
 * the options, the Node and the sources belong to a version as its program and its module do.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { Layout } from './layout.ts';
import { readText } from './read-optional.ts';
import { type InstallRecord, parseRecord } from './record.ts';

/** At the root of a version's folder, beside its module file. */
const VERSION_FILE = 'launchpool-version.json';

export type KeptVersion = {
  /** The record of the agent when this was the current version. */
  record: InstallRecord;
  /** When another version replaced it, as an ISO 8601 text. No two versions have the same. */
  replacedAt: string;
};

type VersionFile = KeptVersion & { format: 1 };

export const versionFileOf = ({ versions }: Pick<Layout, 'versions'>, hash: string): string =>
  join(versions, hash, VERSION_FILE);

/**
 * The version that was replaced last comes first.
 * @param current the name of the current version's folder, which is left out.
 */
export function keptVersions(layout: Pick<Layout, 'versions'>, current: string): KeptVersion[] {
  return namesIn(layout.versions)
    .filter((name) => name !== current)
    .map((name) => readVersionFile(versionFileOf(layout, name), name))
    .filter((kept) => kept !== undefined)
    .sort((a, b) => (a.replacedAt < b.replacedAt ? 1 : -1));
}

/** The file of a version that another one replaces now. @param record of the agent until now. */
export function versionFileText(layout: Pick<Layout, 'versions' | 'record'>, record: InstallRecord): string {
  const [last] = keptVersions(layout, record.hash);
  // A clock that was set back does not change the order.
  const time = Math.max(Date.now(), last === undefined ? 0 : Date.parse(last.replacedAt) + 1);
  const replacedAt = new Date(time).toISOString();
  const file: VersionFile = {
    format: 1,
    replacedAt,
    record: { ...record, installedAt: installedAtOf(record, layout) },
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Undefined if the file is missing or damaged. */
function readVersionFile(path: string, hash: string): KeptVersion | undefined {
  try {
    const { format, replacedAt, record }: VersionFile = JSON.parse(readText(path) ?? '');
    const parsed = parseRecord(record);
    const isValid = format === 1 && parsed?.hash === hash && !Number.isNaN(Date.parse(replacedAt));
    return isValid ? { record: parsed, replacedAt } : undefined;
  } catch {
    return undefined;
  }
}

/** The record of an earlier launchpool does not say it: its file was written then. */
export function installedAtOf({ installedAt }: InstallRecord, { record: path }: Pick<Layout, 'record'>): string {
  return installedAt ?? (statSync(path, { throwIfNoEntry: false })?.mtime ?? new Date()).toISOString();
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * The kept version with this id, or whose id begins with it.
 * @param id @default the version that was replaced last
 * @throws ERR_LAUNCHPOOL_VERSION_NOT_KEPT
 */
export function keptVersion(
  { label, hash }: InstallRecord,
  layout: Pick<Layout, 'versions'>,
  id?: string,
): KeptVersion {
  const kept = keptVersions(layout, hash);
  const found = id === undefined ? kept.slice(0, 1) : kept.filter(({ record }) => record.hash.startsWith(id));
  const [version] = found;
  if (version !== undefined && found.length === 1 && id !== '') return version;
  const hint = `\`launchpool versions ${label}\` lists the versions that are kept; \`--keep\` of install says how many.`;
  if (id === undefined) throw notKept(`no earlier version of ${label} is kept`, hint);
  throw notKept(
    found.length > 1 && id !== ''
      ? `${id} is the beginning of ${found.length} versions of ${label}`
      : `no version ${JSON.stringify(id)} of ${label} is kept`,
    hint,
  );
}

export function notKept(message: string, hint: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_VERSION_NOT_KEPT', message, { hint });
}
