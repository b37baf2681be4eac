/** Watches a growing set of files for changes. */
import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** An editor writes a file in several steps, which count as one change. */
const SETTLE_MS = 50;

export type FileWatcher = {
  add(files: readonly string[]): void;
  close(): void;
};

type Folder = {
  /** Tells a folder that was removed and created again from the old one, to which the old watcher belongs. */
  identity: string;
  names: Set<string>;
  watcher: FSWatcher;
};

/**
 * Watches the folders instead of the files: most editors replace a file instead of writing into it, and a watcher of the
 * file would stay with the old one.
 */
export function createFileWatcher(onChange: (file: string) => void): FileWatcher {
  const folders = new Map<string, Folder>();
  let settling: NodeJS.Timeout | undefined;
  let closed = false;

  function reportChange(file: string): void {
    clearTimeout(settling);
    settling = setTimeout(() => onChange(file), SETTLE_MS);
  }

  function watchFolder(path: string, identity: string): Folder {
    const names = new Set<string>();
    const watcher = watch(path, (_event, name) => {
      if (name !== null && names.has(name)) reportChange(join(path, name));
    });
    watcher.on('error', () => watcher.close());
    const folder = { identity, names, watcher };
    folders.set(path, folder);
    return folder;
  }

  function folderOf(path: string): Folder | undefined {
    try {
      const { ino, birthtimeMs } = statSync(path);
      const identity = `${ino} ${birthtimeMs}`;
      const known = folders.get(path);
      if (known?.identity === identity) return known;
      known?.watcher.close();
      return watchFolder(path, identity);
    } catch {
      // The folder does not exist, or the system has no watches left. Development continues without this folder.
      return undefined;
    }
  }

  return {
    add(files) {
      if (closed) return;
      for (const file of files) folderOf(dirname(file))?.names.add(basename(file));
    },
    close() {
      closed = true;
      clearTimeout(settling);
      for (const { watcher } of folders.values()) watcher.close();
    },
  };
}
