/**
 * What one thread has loaded, from which further threads of the agent load the module: its files, and where its imports
 * lead, may have changed since. Only for a module outside of an installed version's folder, whose files do not change.
 */
import { statSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';

/** The format of a file, as Node's loader names it, with its source; or a mark of the file's state, without its source. */
export type SnapshotEntry = { format: string | null | undefined; source: string | Uint8Array } | { state: string };

/** The file to which an import or a require() leads. */
export type Resolution = { url: string; format: string | null | undefined };

export type Snapshot = {
  /** By the URL of the file. */
  files: ReadonlyMap<string, SnapshotEntry>;
  /** By the importing file, the specifier and the conditions, which differ between import and require(). */
  resolutions: ReadonlyMap<string, Resolution>;
};

/** Sources beyond this many bytes in all are left out: a thread refuses a file whose state has changed. */
const MAX_SOURCE_BYTES = 8 * 1024 * 1024;

const NOTHING: Snapshot = { files: new Map(), resolutions: new Map() };

export type Recording = {
  /** What has been loaded since the last call, and does not come from the snapshot. */
  take(): Snapshot;
  /** As `take`, for the last time. */
  end(): Snapshot;
};

/**
 * Loads what is in a snapshot as it was, from now on, and records the rest.
 * A file that is left out of the snapshot and has changed throws when it is loaded.
 */
export function loadFromSnapshot(held: Snapshot = NOTHING): Recording {
  const files = new Map<string, SnapshotEntry>();
  const resolutions = new Map<string, Resolution>();
  let room = MAX_SOURCE_BYTES;
  for (const entry of held.files.values()) if ('source' in entry) room -= entry.source.length;
  let isOver = false;

  const hooks = registerHooks({
    resolve(specifier, context, nextResolve) {
      const key = JSON.stringify([context.parentURL, specifier, context.conditions]);
      const known = held.resolutions.get(key);
      if (known !== undefined) return { ...known, shortCircuit: true };
      const resolved = nextResolve(specifier, context);
      const { url, format } = resolved;
      if (!isOver && url.startsWith('file:')) resolutions.set(key, { url, format });
      return resolved;
    },
    load(url, context, nextLoad) {
      const entry = held.files.get(url);
      if (entry !== undefined) {
        if ('source' in entry) return { ...entry, shortCircuit: true };
        if (stateOf(url) === entry.state) return nextLoad(url, context);
        throw new Error(`${fileURLToPath(url)} has changed since the agent loaded it; a reload loads all files again`);
      }
      const loaded = nextLoad(url, context);
      if (!isOver && url.startsWith('file:')) record(url, loaded.format, sourceOf(loaded.source));
      return loaded;
    },
  });

  function record(url: string, format: string | null | undefined, source: string | Uint8Array | undefined): void {
    if (source === undefined || source.length > room) {
      files.set(url, { state: stateOf(url) });
      return;
    }
    room -= source.length;
    files.set(url, { format, source });
  }

  function take(): Snapshot {
    const taken = { files: new Map(files), resolutions: new Map(resolutions) };
    files.clear();
    resolutions.clear();
    return taken;
  }

  return {
    take,
    end() {
      isOver = true;
      // Without a snapshot there is nothing to load from.
      if (held === NOTHING) hooks.deregister();
      return take();
    },
  };
}

/** What is in the first one stays: threads run it. */
export function joinSnapshots(held: Snapshot | undefined, added: Snapshot): Snapshot {
  if (held === undefined) return added;
  return {
    files: new Map([...added.files, ...held.files]),
    resolutions: new Map([...added.resolutions, ...held.resolutions]),
  };
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
