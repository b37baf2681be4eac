/** Notices changes of the tools by the folders of their agents. The system reports them: without a change, nothing runs. */
import { existsSync, type FSWatcher, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Catalogue } from './catalogue.ts';

/** An installation changes several files, one after another. */
const SETTLE_MS = 100;

export type ToolChanges = { close(): void };

/** @param listed the fingerprint of the tools that the client knows. */
export function watchTools(
  catalogue: Pick<Catalogue, 'fingerprint' | 'folders'>,
  listed: string,
  onChange: () => void,
): ToolChanges {
  let known = listed;
  let watchers: FSWatcher[] = [];
  let timer: NodeJS.Timeout | undefined;

  function observe(): void {
    closeAll();
    watchers = [...new Set(catalogue.folders().map(nearest))].flatMap(watchFolder);
    const now = catalogue.fingerprint();
    if (now === known) return;
    known = now;
    onChange();
  }

  function watchFolder(folder: string): FSWatcher[] {
    try {
      const watcher = watch(folder, { persistent: false }, () => {
        timer ??= setTimeout(() => {
          timer = undefined;
          observe();
        }, SETTLE_MS).unref();
      });
      // Such as a folder that was removed; the removal itself is reported too.
      return [watcher.on('error', () => undefined)];
    } catch {
      // The system has no watch left. The next list is that of the files all the same.
      return [];
    }
  }

  function closeAll(): void {
    for (const watcher of watchers) watcher.close();
  }

  observe();
  return {
    close() {
      clearTimeout(timer);
      closeAll();
    },
  };
}

/** Of an agent that is not installed, the folder in which its own would be. */
function nearest(folder: string): string {
  let path = folder;
  while (!existsSync(path) && path !== dirname(path)) path = dirname(path);
  return path;
}
