/**
 * The sources that one thread has loaded, from which further threads of the agent load the module: its files may have
 * changed since. Only for a module outside of a version's folder, whose files do not change.
 */
import { statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The format of a file, as Node's loader names it, with its source; or a mark of the file's state, without its source. */
export type SnapshotEntry = { format: string | null | undefined; source: string | Uint8Array } | { state: string };

/** By the URL of the file. */
export type Snapshot = ReadonlyMap<string, SnapshotEntry>;

/** Sources beyond this many bytes in all are left out: a thread refuses a file whose state has changed. */
const MAX_SOURCE_BYTES = 8 * 1024 * 1024;

/** Records every file that is loaded until the returned function is called, which returns them. */
export function recordSnapshot(): () => Snapshot {
  const snapshot = new Map<string, SnapshotEntry>();
  let room = MAX_SOURCE_BYTES;
  const hooks = registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.startsWith('file:')) return loaded;
      const { format, source } = loaded;
      const bytes = sourceOf(source);
      if (bytes !== undefined && bytes.length <= room) {
        room -= bytes.length;
        snapshot.set(url, { format, source: bytes });
      } else snapshot.set(url, { state: stateOf(url) });
      return loaded;
    },
  });
  return () => {
    hooks.deregister();
    return snapshot;
  };
}

/** Loads the files of a snapshot as they were. Throws for one that is left out of it and has changed. */
export function useSnapshot(snapshot: Snapshot): void {
  registerHooks({
    load(url, context, nextLoad) {
      const entry = snapshot.get(url);
      if (entry === undefined) return nextLoad(url, context);
      if ('source' in entry) return { format: entry.format, source: entry.source, shortCircuit: true };
      if (stateOf(url) === entry.state) return nextLoad(url, context);
      throw new Error(`${fileURLToPath(url)} has changed since the agent loaded it; a reload loads all files again`);
    },
  });
}

function sourceOf(source: unknown): string | Uint8Array | undefined {
  if (typeof source === 'string') return source;
  // A copy: the loader's buffer may be a part of a larger one.
  if (source instanceof Uint8Array) return Uint8Array.from(source);
  return undefined;
}

function stateOf(url: string): string {
  const { mtimeMs, size, ino } = statSync(fileURLToPath(url.replace(/[?#].*$/, '')));
  return `${ino}:${size}:${mtimeMs}`;
}
