/** Finds where a handler has failed: the place in the source, also if the code that runs is compiled. Loaded when one fails. */
import { readFileSync, realpathSync } from 'node:fs';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A place in a file; line and column count from 1. */
export type Place = { path: string; line: number; column: number };

/** What src/bundle/source-maps.ts writes. */
type CodeMap = { map: SourceMapPayload; lines: readonly [code: number, map: number][] };
type CodeMaps = Record<string, CodeMap>;

/** A frame of a stack, with or without the name of a function. */
const FRAME = /^\s+at (?:.*? \()?(?:async )?((?:file:\/\/|\/)[^()]*?):(\d+):(\d+)\)?$/;
/** Larger maps take too long to read for one line of the log. */
const MAX_MAPS_BYTES = 16 * 1024 * 1024;
const LINES_AROUND = 2;

export class FailurePlaces {
  readonly #folder: string;
  readonly #mapsPath: string;
  #maps: CodeMaps | undefined;
  readonly #read = new Map<string, SourceMap>();

  /** @param modulePath the path of the file that the agent has loaded as its module. */
  constructor(modulePath: string) {
    // An installed version is loaded by way of a link.
    const path = realPathOf(modulePath);
    this.#folder = dirname(path);
    this.#mapsPath = join(this.#folder, basename(path).replace(/\.[cm]?js$/, '.maps.json'));
  }

  /** The first place in an own source; without one, the first place in a package. Undefined if the stack has neither. */
  placeOf(stack: string): Place | undefined {
    const places = this.#framesOf(stack).map((place) => this.#inSource(place));
    return places.find(({ path }) => !path.includes(`${sep}node_modules${sep}`)) ?? places[0];
  }

  /** A place as text: relative to the folder of the module, if it is in it. */
  textOf({ path, line, column }: Place): string {
    const inside = relative(this.#folder, path);
    return `${inside.startsWith('..') || isAbsolute(inside) ? path : inside}:${line}:${column}`;
  }

  #framesOf(stack: string): Place[] {
    return stack.split('\n').flatMap((text) => {
      const [, url, line, column] = FRAME.exec(text) ?? [];
      const path = url?.startsWith('file:') ? pathOf(url) : url;
      return path === undefined ? [] : [{ path, line: Number(line), column: Number(column) }];
    });
  }

  #inSource(place: Place): Place {
    const { path, line, column } = place;
    const key = relative(this.#folder, path).split(sep).join('/');
    const code = this.#mapsOf()[key];
    if (code === undefined) return place;
    const at = code.lines.findLast(([from]) => from < line);
    const mapLine = at === undefined ? line - 1 : line - 1 - at[0] + at[1];
    const entry = this.#mapOf(key, code).findEntry(mapLine, column - 1);
    if (!('originalSource' in entry) || entry.originalSource === undefined) return place;
    const source = entry.originalSource.startsWith('file:')
      ? fileURLToPath(entry.originalSource)
      : entry.originalSource;
    return {
      path: resolve(dirname(path), source),
      line: entry.originalLine + 1,
      column: entry.originalColumn + 1,
    };
  }

  #mapsOf(): CodeMaps {
    this.#maps ??= readMaps(this.#mapsPath);
    return this.#maps;
  }

  #mapOf(key: string, { map }: CodeMap): SourceMap {
    let read = this.#read.get(key);
    if (read === undefined) {
      read = new SourceMap(map);
      this.#read.set(key, read);
    }
    return read;
  }
}

/** The lines around a place, with a mark below it; undefined if the file cannot be read. */
export function codeFrame({ path, line, column }: Place): string | undefined {
  try {
    const lines = readFileSync(path, 'utf8').split('\n');
    const from = Math.max(1, line - LINES_AROUND);
    const to = Math.min(lines.length, line + 1);
    const width = String(to).length;
    const shown: string[] = [];
    for (let each = from; each <= to; each += 1) {
      const text = lines[each - 1] ?? '';
      shown.push(`${each === line ? '>' : ' '} ${String(each).padStart(width)} | ${text}`.trimEnd());
      // Tabs stay tabs, so that the mark stands below its place.
      if (each === line) shown.push(`  ${' '.repeat(width)} | ${text.slice(0, column - 1).replace(/[^\t]/g, ' ')}^`);
    }
    return line > lines.length ? undefined : shown.join('\n');
  } catch {
    return undefined;
  }
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function pathOf(url: string): string | undefined {
  try {
    return fileURLToPath(url.replace(/\?.*$/, ''));
  } catch {
    return undefined;
  }
}

function readMaps(path: string): CodeMaps {
  try {
    const text = readFileSync(path, 'utf8');
    return text.length > MAX_MAPS_BYTES ? {} : JSON.parse(text);
  } catch {
    return {};
  }
}
