/**
 * The temporary folder of an agent in a test. It is removed when the test closes the agent, or at the exit of the thread. What
 * a killed process or thread has left is removed by the next one: the owner of a folder holds a lock in it while it lives.
 */
import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lock } from '../../libc/flock.ts';
import { MAX_SOCKET_PATH_BYTES } from '../../wire/address.ts';

const PREFIX = 'launchpool-test-';
/** The file that the owner locks. */
const OWNER = 'owner';
/** The longest path of a socket in the folder, behind that of the folder above: six letters are random. */
const LONGEST = `/${PREFIX}XXXXXX/a.control.sock`;
/** A folder without the owner's file is as good as new for this time, in milliseconds. */
const NEW_MS = 60_000;
/** Attempts to make a folder that no other process takes for an abandoned one. */
const ATTEMPTS = 100;

export type TestFolder = {
  /** A real path, in which the path of a socket is short enough: sockets are called a.sock and a.control.sock. */
  readonly path: string;
  /** A second call has no effect. */
  remove(): void;
};

/** The folders of this thread. */
const own = new Set<TestFolder>();

export function makeTestFolder(): TestFolder {
  const above = tempFolder();
  if (own.size === 0) {
    removeAbandoned(above);
    process.off('exit', removeOwn).on('exit', removeOwn);
  }
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const path = mkdtempSync(join(above, PREFIX));
    const fd = lockedOwner(path);
    if (fd === undefined) continue;
    const folder = {
      path,
      remove() {
        if (!own.delete(folder)) return;
        rmSync(path, { recursive: true, force: true, maxRetries: 10 });
        closeSync(fd);
      },
    };
    own.add(folder);
    return folder;
  }
  throw new Error(`${above}: folders are removed as soon as they are made`);
}

/** That of the system, or /tmp where that is too long for sockets, as it may be on a Mac. */
function tempFolder(): string {
  const usual = realpathSync(tmpdir());
  return Buffer.byteLength(usual + LONGEST) <= MAX_SOCKET_PATH_BYTES ? usual : realpathSync('/tmp');
}

function removeOwn(): void {
  for (const folder of own) folder.remove();
}

/** Undefined when another process has found the new folder without a lock, and removes it. */
function lockedOwner(folder: string): number | undefined {
  const path = join(folder, OWNER);
  let fd: number;
  try {
    fd = openSync(path, 'wx', 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  if (lock(fd) !== 'taken' && statSync(path, { throwIfNoEntry: false })?.ino === fstatSync(fd).ino) return fd;
  closeSync(fd);
  return undefined;
}

/** Of this user's alone. What cannot be removed now stays for the next start. */
function removeAbandoned(above: string): void {
  for (const name of readdirSync(above)) {
    if (!name.startsWith(PREFIX)) continue;
    try {
      removeIfAbandoned(join(above, name));
    } catch {
      // Another process removes it.
    }
  }
}

function removeIfAbandoned(path: string): void {
  const stats = lstatSync(path);
  if (!stats.isDirectory() || stats.uid !== process.geteuid?.()) return;
  const owner = join(path, OWNER);
  if (statSync(owner, { throwIfNoEntry: false }) === undefined) {
    if (Date.now() - stats.mtimeMs > NEW_MS) rmSync(path, { recursive: true, force: true });
    return;
  }
  const fd = openSync(owner, 'r');
  try {
    // Removed while it is locked: no other process removes it too.
    if (lock(fd) === 'locked') rmSync(path, { recursive: true, force: true });
  } finally {
    closeSync(fd);
  }
}
