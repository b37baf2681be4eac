/**
 * Whether the own sources of an installed agent, and its options in the package.json, have changed since it was installed: it
 * runs what it was installed from.
 */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';

/** A source as it was installed; of a package.json, its section `launchpool`. */
export type SourceState = { path: string; bytes: number; mtimeMs: number; sha256: string; isSection?: true };

export function sourceStates(paths: readonly string[]): SourceState[] {
  return paths.flatMap((path) => {
    const { size, mtimeMs } = statSync(path);
    return [{ path, bytes: size, mtimeMs, sha256: digestOf(path) }];
  });
}

/** The section of a package.json that can be read. */
export function sectionState(path: string): SourceState {
  const { size, mtimeMs } = statSync(path);
  return { path, bytes: size, mtimeMs, sha256: sectionDigestOf(path), isSection: true };
}

/**
 * The sources whose text differs. One that is not there is left out: an agent does not need its project.
 * @param states undefined in the record of an earlier launchpool.
 */
export function changedSources(states: readonly SourceState[] = []): string[] {
  // A package.json may be a source too.
  return [...new Set(states.filter(hasChanged).map(({ path }) => path))];
}

function hasChanged({ path, bytes, mtimeMs, sha256, isSection }: SourceState): boolean {
  try {
    const found = statSync(path);
    if (found.size === bytes && found.mtimeMs === mtimeMs) return false;
    if (isSection) return sectionDigestOf(path) !== sha256;
    return found.size !== bytes || digestOf(path) !== sha256;
  } catch {
    return false;
  }
}

function sectionDigestOf(path: string): string {
  const { launchpool } = Object(JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, '')));
  return digest(JSON.stringify(launchpool) ?? '');
}

function digestOf(path: string): string {
  return digest(readFileSync(path));
}

/** Loaded here: a status needs it only for a source that was written since. */
function digest(content: string | Buffer): string {
  const { createHash } = process.getBuiltinModule('node:crypto');
  return createHash('sha256').update(content).digest('hex');
}

/** Undefined if nothing has changed. */
export function changeNote(label: string, changed: readonly string[]): string | undefined {
  const [first] = changed;
  if (first === undefined) return undefined;
  const others = changed.length - 1;
  const what =
    others === 0 ? basename(first) : `${basename(first)} and ${others} other source${others === 1 ? '' : 's'}`;
  return `${what} ${others === 0 ? 'has' : 'have'} changed since ${label} was installed: launchpool upgrade ${label}`;
}
