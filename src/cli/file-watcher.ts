/** Says when one of a growing set of files has changed. */
import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** An editor writes a file in several steps. */
const SETTLE_MS = 50;

export type FileWatcher = {
  add(files: readonly string[]): void;
  close(): void;
};

type Folder = {
  /** A folder that was removed and made anew is another one, of which the old watch says nothing. */
  identity: string;
  names: Set<string>;
  watcher: FSWatcher;
};

/**
 * Watches the folders rather than the files: most editors replace a file instead of writing into it, and a watch on
 * the file would stay with the old one.
 */
export function createFileWatcher(onChange: (file: string) => void): FileWatcher {
  const folders = new Map<string, Folder>();
  let settling: NodeJS.Timeout | undefined;
  let closed = false;

  function changed(file: string): void {
    clearTimeout(settling);
    settling = setTimeout(() => onChange(file), SETTLE_MS);
  }

  function watchFolder(path: string, identity: string): Folder {
    const names = new Set<string>();
    const watcher = watch(path, (_event, name) => {
      if (name !== null && names.has(name)) changed(join(path, name));
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
      // The folder is gone, or the system is out of watches: development goes on without.
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
