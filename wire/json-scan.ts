/** Scans JSON text without parsing: one pass, no allocation, no recursion. Never throws. */
import { skipWhiteSpace } from './encoding.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;

/** A character may be written as \uXXXX. */
const MAX_BYTES_PER_LETTER = 6;

/**
 * Visits the members of the object at `start`: the start and end of the key, quotes included, and of the value. In text
 * that is not JSON it visits the members before the fault.
 * @returns the index behind the object; without an object, the index behind the value.
 */
export function scanMembers(
  bytes: Buffer,
  start: number,
  visit: (keyStart: number, keyEnd: number, valueStart: number, valueEnd: number) => void,
): number {
  if (bytes[start] !== OPEN_OBJECT) return skipValue(bytes, start);
  let at = skipWhiteSpace(bytes, start + 1);
  while (bytes[at] === QUOTE) {
    const keyStart = at;
    const keyEnd = skipString(bytes, at);
    at = skipWhiteSpace(bytes, keyEnd);
    if (bytes[at] !== COLON) break;
    const valueStart = skipWhiteSpace(bytes, at + 1);
    at = skipValue(bytes, valueStart);
    visit(keyStart, keyEnd, valueStart, at);
    at = skipWhiteSpace(bytes, at);
    if (bytes[at] !== COMMA) break;
    at = skipWhiteSpace(bytes, at + 1);
  }
  return at + 1;
}

/** Visits the starts of the items of the array at `start`; `visit` returns the index behind the item. */
export function scanItems(bytes: Buffer, start: number, visit: (itemStart: number) => number): void {
  let at = skipWhiteSpace(bytes, start + 1);
  while (at < bytes.length && bytes[at] !== CLOSE_ARRAY) {
    at = skipWhiteSpace(bytes, visit(at));
    if (bytes[at] !== COMMA) break;
    at = skipWhiteSpace(bytes, at + 1);
  }
}

export function isArray(bytes: Buffer, start: number): boolean {
  return bytes[start] === OPEN_ARRAY;
}

/** Whether the string between `start` and `end`, quotes included, is this text in any spelling. */
export function isText(bytes: Buffer, start: number, end: number, text: string): boolean {
  const length = end - start - 2;
  if (bytes[start] !== QUOTE || length < text.length || length > text.length * MAX_BYTES_PER_LETTER) return false;
  if (length === text.length) return bytes.toString('latin1', start + 1, end - 1) === text;
  return valueAt(bytes, start, end) === text;
}

/** The value of a short text; undefined if it is not JSON. */
export function valueAt(bytes: Buffer, start: number, end: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', start, end));
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

/** The index behind the value at `start`; in text that is not JSON, an index up to the end. */
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
