/** The source maps of what a bundle compiles: in one file beside the code, which is read when a handler fails. */
import type { SourceMapPayload } from 'node:module';

/**
 * A map, and where the lines of the code differ from those of the map: pairs of a line of the code and of the map, from which
 * on both count on. Lines count from 0.
 */
export type CodeMap = { map: SourceMapPayload; lines: [code: number, map: number][] };

/** The maps by the paths of the code, relative to their file. */
export type CodeMaps = { [path: string]: CodeMap };

/** How many lines are searched for the next equal one. */
const MAX_REMOVED = 64;

/**
 * @param compiled the text that the map belongs to.
 * @param code the text that is written, from which lines were removed, and to which some were added.
 */
export function codeMap(map: string, compiled: string, code: string): CodeMap {
  return { map: JSON.parse(map), lines: compiled === code ? [] : changedLines(compiled.split('\n'), code.split('\n')) };
}

function changedLines(compiled: readonly string[], code: readonly string[]): [number, number][] {
  const found: [number, number][] = [];
  let at = 0;
  let difference = 0;
  for (const [line, text] of code.entries()) {
    const next = compiled.slice(at, at + MAX_REMOVED).indexOf(text);
    if (next < 0) continue;
    at += next;
    if (at - line !== difference) {
      difference = at - line;
      found.push([line, at]);
    }
    at += 1;
  }
  return found;
}

/** The name of the file of maps, from that of the file to load. See workers/failure-place.ts. */
export function mapsNameOf(entryName: string): string {
  return entryName.replace(/\.[cm]?js$/, '.maps.json');
}
