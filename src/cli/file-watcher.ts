/**
 * Watches a growing set of files for changes: of their contents, and of whether they are there. A file may come later, and
 * so may its folder, or another folder in its place.
 */
import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** An editor writes a file in several steps, and an installation many files, which count as one change. */
const SETTLE_MS = 50;
const MAX_SETTLE_MS = 500;
/** How often files are looked at, where the system cannot watch them. */
const POLL_MS = 1_000;

export type FileWatcher = {
  /**
   * Also files that are not there yet.
   * @param files a path that ends with a slash is that of a folder, watched for the names in it.
   * @param since a change after this time is reported too, in milliseconds since 1970. Default: now.
   */
  add(files: readonly string[], since?: number): void;
  /** From now on, changes of these files are not reported. */
  ignore(files: readonly string[]): void;
  close(): void;
};

export type FileWatcherOptions = {
  onChange: (file: string) => void;
  /** Called once, when the system can watch no further folders. The files are polled from then on. */
  onPolling?: (error: NodeJS.ErrnoException) => void;
};

/** By how much the time of a change may lie before the time of the clock: a tick of the kernel, rounded up. */
const CLOCK_MS = 20;
/** The state of a file before a change that was missed. */
const UNKNOWN = 'unknown';

/** Stands for every name. */
const ANY = '/';

type Folder = {
  /** Tells a folder that was replaced from the old one, to which the old watcher belongs. */
  identity: string;
  /** The names that matter: of files, and of folders on the way to files. */
  names: Set<string>;
  watcher: FSWatcher | undefined;
};

/**
 * Watches folders instead of files: most editors replace a file instead of writing into it. The folders above are watched
 * too, since each of them may be replaced.
 */
export function createFileWatcher({ onChange, onPolling }: FileWatcherOptions): FileWatcher {
  const folders = new Map<string, Folder>();
  /** The state of each file when it was last looked at. */
  const states = new Map<string, string>();
  const ignored = new Set<string>();
  /** Those that are not watched yet. */
  let newFolders: string[] = [];
  let settling: NodeJS.Timeout | undefined;
  /** When the first change came that has not been looked at. */
  let waitsSince: number | undefined;
  let polling: NodeJS.Timeout | undefined;
  let isClosed = false;

  function checkSoon(): void {
    const now = performance.now();
    waitsSince ??= now;
    clearTimeout(settling);
    // A file that changes all the time does not hide the others.
    settling = setTimeout(check, Math.max(0, Math.min(SETTLE_MS, waitsSince + MAX_SETTLE_MS - now)));
  }

  /** Reports the first file that has changed. All of them have their new state then. */
  function check(): void {
    if (isClosed) return;
    waitsSince = undefined;
    for (const path of folders.keys()) watchFolder(path);
    let changed: string | undefined;
    for (const [file, before] of states) {
      const now = stateOf(file);
      if (now === before) continue;
      states.set(file, now);
      changed ??= file;
    }
    if (changed !== undefined) onChange(changed);
  }

  function namesIn(path: string): Set<string> {
    const known = folders.get(path);
    if (known !== undefined) return known.names;
    const folder: Folder = { identity: '', names: new Set(), watcher: undefined };
    folders.set(path, folder);
    newFolders.push(path);
    return folder.names;
  }

  /** Watches the folder that is there now. */
  function watchFolder(path: string): void {
    const folder = folders.get(path) as Folder;
    const identity = identityOf(path);
    if (folder.identity === identity) return;
    folder.watcher?.close();
    folder.watcher = undefined;
    folder.identity = identity;
    if (identity === '') return;
    try {
      const watcher = watch(path, (_event, name) => {
        if (name !== null && ignored.has(join(path, name))) return;
        if (name === null || folder.names.has(name) || folder.names.has(ANY)) checkSoon();
      });
      // The folder was removed.
      watcher.on('error', () => {
        watcher.close();
        folder.identity = '';
        checkSoon();
      });
      folder.watcher = watcher;
    } catch (error) {
      poll(error as NodeJS.ErrnoException);
    }
  }

  function poll(error: NodeJS.ErrnoException): void {
    if (polling !== undefined || ['ENOENT', 'ENOTDIR'].includes(error.code ?? '')) return;
    polling = setInterval(check, POLL_MS).unref();
    onPolling?.(error);
  }

  return {
    add(files, since = Number.POSITIVE_INFINITY) {
      if (isClosed) return;
      for (const file of files) {
        if (states.has(file) || ignored.has(file)) continue;
        if (file.endsWith('/')) namesIn(file.slice(0, -1)).add(ANY);
        for (let at = file.replace(/\/$/, ''); at !== dirname(at); at = dirname(at))
          namesIn(dirname(at)).add(basename(at));
        const isChanged = changedAtOf(file) > since - CLOCK_MS;
        states.set(file, isChanged ? UNKNOWN : stateOf(file));
        if (isChanged) checkSoon();
      }
      for (const path of newFolders) watchFolder(path);
      newFolders = [];
    },
    ignore(files) {
      for (const file of files) {
        ignored.add(file);
        states.delete(file);
      }
    },
    close() {
      isClosed = true;
      clearTimeout(settling);
      clearInterval(polling);
      for (const { watcher } of folders.values()) watcher?.close();
    },
  };
}

/** Empty for a folder that is not there. */
function identityOf(path: string): string {
  try {
    const { ino, birthtimeMs } = statSync(path);
    return `${ino} ${birthtimeMs}`;
  } catch {
    return '';
  }
}

function stateOf(file: string): string {
  try {
    const { ino, mtimeMs, size } = statSync(file);
    return `${ino} ${mtimeMs} ${size}`;
  } catch {
    return '';
  }
}

function changedAtOf(file: string): number {
  try {
    return statSync(file).ctimeMs;
  } catch {
    return 0;
  }
}

/** The files that would resolve an import that was not resolved. */
export function candidatesFor(specifier: string, folder: string): string[] {
  if (/^\.{0,2}\//.test(specifier)) {
    const path = join(specifier.startsWith('/') ? '/' : folder, specifier);
    const stem = path.replace(/\.[cm]?jsx?$/, '');
    return [path, ...[path, stem].flatMap((each) => EXTENSIONS.map((extension) => each + extension))];
  }
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? specifier;
  const found: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    found.push(join(at, 'node_modules', name, 'package.json'));
    if (at === dirname(at)) return found;
  }
}

const EXTENSIONS = ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.json', '/index.ts', '/index.js'];
