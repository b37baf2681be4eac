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
const MINUS = 0x2d;
const SLASH = 0x2f;
const UNICODE = 0x75;
/** What may follow a backslash, other than `u`. */
const ESCAPED: Buffer = Buffer.from('"\\\\/bfnrt');
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/;

/** A native search finds the end of a long text faster, and costs more than so many bytes. */
const NEAR_BYTES = 64;
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

/**
 * Visits the starts of the items of the array at `start`; `visit` returns the index behind the item, or the length of the
 * bytes to end the scan.
 */
export function scanItems(bytes: Buffer, start: number, visit: (itemStart: number) => number): void {
  let at = skipWhiteSpace(bytes, start + 1);
  while (at < bytes.length && bytes[at] !== CLOSE_ARRAY) {
    at = skipWhiteSpace(bytes, visit(at));
    if (bytes[at] !== COMMA) break;
    at = skipWhiteSpace(bytes, at + 1);
  }
}

/** Whether the array at `start` has more items than `max`: stops there. */
export function hasMoreItems(bytes: Buffer, start: number, max: number): boolean {
  let items = 0;
  scanItems(bytes, start, (at) => {
    items += 1;
    return items > max ? bytes.length : skipValue(bytes, at);
  });
  return items > max;
}

export function isArray(bytes: Buffer, start: number): boolean {
  return bytes[start] === OPEN_ARRAY;
}

/** Whether the string between `start` and `end`, quotes included, is this text of ASCII letters in any spelling. */
export function isText(bytes: Buffer, start: number, end: number, text: string): boolean {
  const length = end - start - 2;
  if (bytes[start] !== QUOTE || length < text.length || length > text.length * MAX_BYTES_PER_LETTER) return false;
  let at = start + 1;
  for (let letter = 0; letter < text.length; letter += 1) {
    const isEscaped = bytes[at] === BACKSLASH;
    if ((isEscaped ? escapedUnit(bytes, at) : bytes[at]) !== text.charCodeAt(letter)) return false;
    at += isEscaped ? (bytes[at + 1] === UNICODE ? 6 : 2) : 1;
  }
  return at === end - 1;
}

/** The code unit of an escape sequence; NaN for one that is not JSON, or that no letter is written as. */
function escapedUnit(bytes: Buffer, at: number): number {
  if (bytes[at + 1] === SLASH) return SLASH;
  if (bytes[at + 1] !== UNICODE) return Number.NaN;
  let unit = 0;
  for (let index = at + 2; index < at + 6; index += 1) unit = 16 * unit + hexDigit(bytes[index]);
  return unit;
}

function hexDigit(byte = 0): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x61 + 10 : Number.NaN;
}

/** Whether the text between `start` and `end` is a string, quotes included. */
export function isString(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] !== QUOTE || end - start < 2 || bytes[end - 1] !== QUOTE) return false;
  for (let at = start + 1; at < end - 1; at += 1) {
    const byte = bytes[at] as number;
    if (byte < 0x20 || byte === QUOTE) return false;
    if (byte !== BACKSLASH) continue;
    at += 1;
    if (at >= end - 1) return false;
    if (bytes[at] === UNICODE) {
      if (at + 4 >= end - 1 || Number.isNaN(escapedUnit(bytes, at - 1))) return false;
      at += 4;
    } else if (!ESCAPED.includes(bytes[at] as number)) return false;
  }
  return true;
}

/** The text of the number between `start` and `end`; undefined if there is none. */
export function numberText(bytes: Buffer, start: number, end: number): string | undefined {
  const first = bytes[start] ?? 0;
  if (first !== MINUS && !(first >= 0x30 && first <= 0x39)) return undefined;
  const text = bytes.toString('latin1', start, end);
  return NUMBER.test(text) ? text : undefined;
}

/** The index behind the string whose opening quote is at `start`. */
function skipString(bytes: Buffer, start: number): number {
  for (let at = start + 1; at < bytes.length; ) {
    for (const near = at + NEAR_BYTES; at < near; at += 1) {
      if (bytes[at] === BACKSLASH) at += 1;
      else if (bytes[at] === QUOTE) return Math.min(at + 1, bytes.length);
    }
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) return bytes.length;
    let escapes = 0;
    while (quote - escapes > at && bytes[quote - escapes - 1] === BACKSLASH) escapes += 1;
    at = quote + 1;
    if (escapes % 2 === 0) return at;
  }
  return bytes.length;
}

/** The index behind the value at `start`; in text that is not JSON, an index up to the end. */
export function skipValue(bytes: Buffer, start: number): number {
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
