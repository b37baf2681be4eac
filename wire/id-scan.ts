/**
 * Finds the ids of the requests in a frame without parsing it: what the main thread needs of a frame that it must
 * answer itself. One pass over the bytes, nothing allocated but the ids, no recursion.
 */
import { skipWhiteSpace } from './encoding.ts';
import type { IdText } from './id-text.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** The ids that are owed an answer, and whether they are owed it as one array. */
export type OwedIds = { batch: boolean; ids: IdText[] };

/** Never throws. Of a frame that is not JSON it finds what stands before the fault. */
export function scanIds(payload: Buffer): OwedIds {
  const start = skipWhiteSpace(payload, 0);
  const ids: IdText[] = [];
  if (payload[start] !== OPEN_ARRAY) {
    scanRequest(payload, start, ids);
    return { batch: false, ids };
  }
  let at = skipWhiteSpace(payload, start + 1);
  while (at < payload.length && payload[at] !== CLOSE_ARRAY) {
    at = skipWhiteSpace(payload, scanRequest(payload, at, ids));
    if (payload[at] !== COMMA) break;
    at = skipWhiteSpace(payload, at + 1);
  }
  return { batch: true, ids };
}

/** Notes the id of the request at `start`, if it has one; returns the index behind the request. */
function scanRequest(bytes: Buffer, start: number, ids: IdText[]): number {
  if (bytes[start] !== OPEN_OBJECT) return skipValue(bytes, start);
  let id: IdText | undefined;
  let at = skipWhiteSpace(bytes, start + 1);
  while (bytes[at] === QUOTE) {
    const keyEnd = skipString(bytes, at);
    const isId = keyOf(bytes, at, keyEnd) === 'id';
    at = skipWhiteSpace(bytes, keyEnd);
    if (bytes[at] !== COLON) break;
    const valueStart = skipWhiteSpace(bytes, at + 1);
    at = skipValue(bytes, valueStart);
    // As JSON.parse does it, the last of several equal keys counts.
    if (isId) id = legalId(bytes.toString('utf8', valueStart, at));
    at = skipWhiteSpace(bytes, at);
    if (bytes[at] !== COMMA) break;
    at = skipWhiteSpace(bytes, at + 1);
  }
  if (id !== undefined) ids.push(id);
  return at + 1;
}

function keyOf(bytes: Buffer, start: number, end: number): string {
  // "id" takes four bytes, and no more than fourteen with both letters written as \u0069 and \u0064.
  if (end - start > 14) return '';
  try {
    return JSON.parse(bytes.toString('utf8', start, end));
  } catch {
    return '';
  }
}

function legalId(text: string): IdText | undefined {
  try {
    const id: unknown = JSON.parse(text);
    return typeof id === 'string' || typeof id === 'number' || id === null ? text : undefined;
  } catch {
    return undefined;
  }
}

/** The index behind the string whose opening quote is at `start`. */
function skipString(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; at += 1) {
    if (bytes[at] === BACKSLASH) at += 1;
    else if (bytes[at] === QUOTE) return at + 1;
  }
  return bytes.length;
}

/** The index behind the value at `start`; in what is not JSON, the end or somewhere before it. */
function skipValue(bytes: Buffer, start: number): number {
  let depth = 0;
  let at = start;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = skipString(bytes, at);
      if (depth === 0) return at;
      continue;
    }
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) depth += 1;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (byte === COMMA || skipWhiteSpace(bytes, at) !== at)) return at;
    at += 1;
  }
  return bytes.length;
}
