/**
 * Gives the places in a profile the lines of the sources: V8 knows those of the compiled text, which has the URL of its
 * source, and what opens the profile has no source map.
 */
import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';

/** Lines and columns count from 0. */
type CallFrame = { functionName: string; url: string; lineNumber: number; columnNumber: number };
/** Its lines count from 1. */
type Tick = { line: number; ticks: number };
type ProfileNode = { callFrame: CallFrame; positionTicks?: Tick[]; children?: (ProfileNode | number)[] };

/** The nodes of a CPU profile are a list, those of a heap profile a tree. */
export type Profile = { nodes?: ProfileNode[]; head?: ProfileNode };

const MAP = /\n\/\/# sourceMappingURL=data:application\/json;base64,([A-Za-z0-9+/=]+)\s*$/;
/** Behind the last column of any line. */
const LAST_COLUMN = 2 ** 31 - 1;

/**
 * Changes the profile.
 * @param sourcesPath the file that src/bundle/loader.ts makes the text of; without it, nothing is changed.
 */
export function toOriginalLines({ nodes = [], head }: Profile, sourcesPath: string): void {
  const maps = mapsIn(sourcesPath);
  const waiting = head === undefined ? [...nodes] : [head];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    for (const child of node.children ?? []) if (typeof child === 'object') waiting.push(child);
    const map = maps.get(node.callFrame.url);
    if (map !== undefined) translate(node, map);
  }
}

function translate(node: ProfileNode, map: SourceMap): void {
  const { callFrame, positionTicks } = node;
  if (positionTicks !== undefined) node.positionTicks = originalTicks(positionTicks, map);
  const entry = map.findEntry(callFrame.lineNumber, callFrame.columnNumber);
  if (!('originalLine' in entry)) return;
  callFrame.lineNumber = entry.originalLine;
  callFrame.columnNumber = entry.originalColumn;
}

/** Several lines of the compiled text may come from one of the source. */
function originalTicks(ticks: readonly Tick[], map: SourceMap): Tick[] {
  const lines = new Map<number, number>();
  for (const { line, ticks: count } of ticks) {
    const entry = map.findEntry(line - 1, LAST_COLUMN);
    const isFound = 'originalLine' in entry && entry.generatedLine === line - 1;
    const original = isFound ? entry.originalLine + 1 : line;
    lines.set(original, (lines.get(original) ?? 0) + count);
  }
  return Array.from(lines, ([line, ticks]) => ({ line, ticks }));
}

/** The maps by the URLs of the sources. */
function mapsIn(sourcesPath: string): Map<string, SourceMap> {
  const found = new Map<string, SourceMap>();
  for (const [url, , source] of filesIn(sourcesPath)) {
    const [, encoded] = MAP.exec(source) ?? [];
    if (encoded !== undefined) found.set(url, new SourceMap(JSON.parse(Buffer.from(encoded, 'base64').toString())));
  }
  return found;
}

function filesIn(sourcesPath: string): [url: string, format: string, source: string][] {
  try {
    return JSON.parse(readFileSync(sourcesPath, 'utf8')).files;
  } catch {
    // The module could not be compiled.
    return [];
  }
}
