/** Says when one of a growing set of files has changed. */
import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** An editor writes a file in several steps. */
const SETTLE_MS = 50;

export type FileWatcher = {
  add(files: readonly string[]): void;
  close(): void;
};

/**
 * Watches the folders rather than the files: most editors replace a file instead of writing into it, and a watch on
 * the file would stay with the old one.
 */
export function createFileWatcher(onChange: (file: string) => void): FileWatcher {
  const folders = new Map<string, { names: Set<string>; watcher: FSWatcher }>();
  let settling: NodeJS.Timeout | undefined;

  function changed(file: string): void {
    clearTimeout(settling);
    settling = setTimeout(() => onChange(file), SETTLE_MS);
  }

  function folderOf(path: string): Set<string> | undefined {
    const known = folders.get(path);
    if (known !== undefined) return known.names;
    const names = new Set<string>();
    try {
      const watcher = watch(path, (_event, name) => {
        if (name !== null && names.has(name)) changed(join(path, name));
      });
      watcher.on('error', () => watcher.close());
      folders.set(path, { names, watcher });
      return names;
    } catch {
      // The folder is gone, or the system is out of watches: development goes on without.
      return undefined;
    }
  }

  return {
    add(files) {
      for (const file of files) folderOf(dirname(file))?.add(basename(file));
    },
    close() {
      clearTimeout(settling);
      for (const { watcher } of folders.values()) watcher.close();
    },
  };
}
