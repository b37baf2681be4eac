/**
 * The folders that installations share, such as ~/.local/share and ~/.config/systemd/user. The record of an installation
 * names each folder above its files that launchpool made, also the folders that were made for an earlier installation.
 * The uninstallation of the last agent therefore removes all of them, in any order of uninstallations. No record names a
 * folder that existed before launchpool, so such a folder stays.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { parentOf, RECORD } from '../installed/layout.ts';
import type { Place } from '../installed/place.ts';
import { type Claim, hasClaim, madeFoldersIn } from '../installed/record.ts';
import { packageVersion } from '../version.ts';
import { removeUnfinished } from './cleanup.ts';
import { exists, makePath, missingFolders, removeEmptyFolders, type Undo } from './files.ts';
import { type LockOptions, lockFolder, NOT_LOCKED, type Unlock } from './lock.ts';

export type SharedPlace = Pick<Place, 'layout' | 'host'>;

/** The interval between two attempts to get the lock, which is held for a few milliseconds. */
const POLL_MS = 10;

/**
 * Names the folders that are being made or removed, until a record names them. The journal is in the home folder, which
 * exists before and after. Only a killed process leaves it behind.
 */
const JOURNAL = '.launchpool-folders.json';

type Journal = {
  /** The agent's folder. */
  folder: string;
  made: readonly string[];
};

/**
 * Runs an action while no other process makes or removes shared folders. The action must not take another lock: the lock
 * of an agent's folder is taken before this one, or not at all.
 */
export async function withFoldersLocked<Result>(
  { host: { home } }: SharedPlace,
  action: () => Promise<Result>,
  options: LockOptions = {},
): Promise<Result> {
  const unlock = await lockHome(home, options);
  try {
    await finishKilled(home);
    return await action();
  } finally {
    unlock();
  }
}

/** A home folder that is missing, or that its user cannot read, has no lock. */
async function lockHome(home: string, options: LockOptions): Promise<Unlock> {
  try {
    return await lockFolder(home, { pollMs: POLL_MS, ...options });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    return NOT_LOCKED;
  }
}

/** The lock of an agent's folder: lock.ts. */
export type LabelLock = {
  /** Whether the caller has the lock. */
  isLocked: boolean;
  /** Set when takeFolder() takes the lock. */
  unlock?: Unlock;
};

/**
 * Makes the agent's folder with a claim in it, and locks the folder unless the caller has the lock.
 * @param lock receives `unlock`, also if the claim cannot be made.
 */
export async function takeFolder(place: SharedPlace, lock: LabelLock, undo: Undo): Promise<void> {
  const make = (): Promise<void> => claimFolder(place);
  if (!lock.isLocked) lock.unlock = await lockFolder(place.layout.folder, { make });
  undo(() => dropClaim(place));
  // An uninstallation that had the lock before removes the claim, but keeps a folder with files of other programs.
  await make();
}

/**
 * Makes the agent's folder, and a claim in it that names the folders made so far. Does nothing if there is a record or a
 * claim.
 */
export async function claimFolder(place: SharedPlace, options?: LockOptions): Promise<void> {
  const { layout, host } = place;
  if (await exists(layout.record)) return;
  const claim = async (): Promise<void> => {
    if (await exists(layout.record)) return;
    const missing = missingFolders(layout.folder);
    await withJournal(host.home, { folder: layout.folder, made: missing }, async () => {
      const made: string[] = [];
      await makePath(layout.folder, made);
      const text = claimTextOf(layout.folder, [...inheritedFolders(place, [layout.folder]), ...made]);
      await writeFileAtomic(layout.record, text, { mode: 0o600 });
    });
  };
  await withFoldersLocked(place, claim, options);
}

function claimTextOf(folder: string, madeFolders: readonly string[]): string {
  const label = basename(folder);
  const claim: Claim = { format: 1, version: packageVersion(), label, madeFolders, isUnderWay: true };
  return `${JSON.stringify(claim, null, 2)}\n`;
}

/**
 * Undoes claimFolder(), unless the claim has become a record, or a killed installation has left more than a claim. To be
 * called with the lock of the agent's folder.
 */
async function dropClaim(place: SharedPlace): Promise<void> {
  const { layout } = place;
  if (!hasClaim(layout) || (await exists(layout.versions)) || (await exists(layout.nodes))) return;
  await releaseFolder(place);
}

/**
 * Removes the record, and those of the agent's folder and the folders that launchpool made above it that are empty. To be
 * called with the lock of the agent's folder.
 */
export async function releaseFolder(place: SharedPlace): Promise<void> {
  const { layout, host } = place;
  await withFoldersLocked(place, async () => {
    const made = [...madeFoldersIn(layout.record), layout.folder];
    await withJournal(host.home, { folder: layout.folder, made }, async () => {
      await rm(layout.record, { force: true });
      await removeEmptyFolders(made);
    });
  });
}

/**
 * The folders that the record of an agent has to name: those that it names already, those that other records name, and
 * those that are missing. To be called in withFoldersLocked().
 * @param folders the folders of the agent's files.
 */
export function foldersToRecord(place: SharedPlace, folders: readonly string[]): string[] {
  const { layout } = place;
  const named = madeFoldersIn(layout.record);
  const inherited = inheritedFolders(place, [layout.folder, ...folders]);
  return [...new Set([...named, ...inherited, ...folders.flatMap(missingFolders)])];
}

/** The folders that the records of other installations name, and that contain one of these paths. */
function inheritedFolders({ layout, host }: SharedPlace, paths: readonly string[]): string[] {
  const parent = parentOf(host);
  const others = namesIn(parent).filter((name) => name !== basename(layout.folder));
  const named = new Set(others.flatMap((name) => madeFoldersIn(join(parent, name, RECORD))));
  return [...named].filter((folder) => paths.some((path) => `${path}/`.startsWith(`${folder}/`)));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // The first installation makes the folder.
    return [];
  }
}

/** Keeps a journal during the action. After a kill, the next process removes what the journal names. */
async function withJournal(home: string, journal: Journal, action: () => Promise<void>): Promise<void> {
  const path = join(home, JOURNAL);
  // A home folder that launchpool makes or removes itself keeps no journal, and neither does a read-only one: the shared
  // folders may be elsewhere.
  const isKept = !journal.made.includes(home);
  if (isKept) await writeFile(path, JSON.stringify(journal), { mode: 0o600 }).catch(() => undefined);
  try {
    await action();
  } catch (error) {
    await removeRemains(journal);
    throw error;
  } finally {
    await rm(path, { force: true }).catch(() => undefined);
  }
}

async function finishKilled(home: string): Promise<void> {
  const path = join(home, JOURNAL);
  if (!(await exists(path))) return;
  const journal = readJournal(path);
  if (journal !== undefined) await removeRemains(journal);
  await rm(path, { force: true });
}

/** Undefined if the process was killed while it wrote the journal: it had changed nothing else. */
function readJournal(path: string): Journal | undefined {
  try {
    const { folder, made }: Partial<Journal> = JSON.parse(readFileSync(path, 'utf8'));
    return typeof folder === 'string' && Array.isArray(made) ? { folder, made } : undefined;
  } catch {
    return undefined;
  }
}

async function removeRemains({ folder, made }: Journal): Promise<void> {
  const record = join(folder, RECORD);
  if (!(await exists(record))) await removeUnfinished([record]).catch(() => undefined);
  await removeEmptyFolders(made);
}
