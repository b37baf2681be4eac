/**
 * Scans MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) without decoding: one pass, no recursion. Never
 * throws. In bytes that are cut off, indexes are beyond the end.
 */

const NIL = 0xc0;
const FIRST_STR = 0xd9;
const LAST_STR = 0xdb;

/** The first byte of a value, with its kind. */
export function isMap(byte: number): boolean {
  return (byte >= 0x80 && byte <= 0x8f) || byte === 0xde || byte === 0xdf;
}

export function isArray(byte: number): boolean {
  return (byte >= 0x90 && byte <= 0x9f) || byte === 0xdc || byte === 0xdd;
}

export function isStr(byte: number): boolean {
  return (byte >= 0xa0 && byte <= 0xbf) || (byte >= FIRST_STR && byte <= LAST_STR);
}

export function isExt(byte: number): boolean {
  return (byte >= 0xd4 && byte <= 0xd8) || (byte >= 0xc7 && byte <= 0xc9);
}

function isNumber(byte: number): boolean {
  return byte <= 0x7f || byte >= 0xe0 || (byte >= 0xca && byte <= 0xd3);
}

/** How many bytes the header of a value takes, from its first byte on: up to its data, or up to its first item. */
export function headerBytes(byte: number): number {
  if (byte < 0xc0 || byte >= 0xe0) return 1;
  return HEADER_BYTES[byte - 0xc0] as number;
}

// From 0xc0 on. The type of an extension belongs to its header, and the bytes of a number to its data.
const HEADER_BYTES: readonly number[] = [
  ...[1, 1, 1, 1, 2, 3, 5, 3, 4, 6, 1, 1, 1, 1, 1, 1],
  ...[1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 3, 5, 3, 5, 3, 5],
];

/** From 0xca (float 32) to 0xd8 (fixext 16). */
const DATA_BYTES: readonly number[] = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 16];

/** The bytes of data behind the header of the value at `at`; 0 for an array and a map, whose items follow. */
export function dataBytes(bytes: Buffer, at: number): number {
  const byte = bytes[at] as number;
  if (byte >= 0xa0 && byte <= 0xbf) return byte & 0x1f;
  if (byte >= 0xca && byte <= 0xd8) return DATA_BYTES[byte - 0xca] as number;
  switch (byte) {
    case 0xc4:
    case 0xc7:
    case 0xd9:
      return unsigned(bytes, at + 1, 1);
    case 0xc5:
    case 0xc8:
    case 0xda:
      return unsigned(bytes, at + 1, 2);
    case 0xc6:
    case 0xc9:
    case 0xdb:
      return unsigned(bytes, at + 1, 4);
    default:
      return 0;
  }
}

/** The number of values in the array or the map at `at`, keys included; 0 for every other value. */
export function countChildren(bytes: Buffer, at: number): number {
  const byte = bytes[at] as number;
  if (byte >= 0x80 && byte <= 0x8f) return 2 * (byte & 0x0f);
  if (byte >= 0x90 && byte <= 0x9f) return byte & 0x0f;
  if (byte === 0xdc) return unsigned(bytes, at + 1, 2);
  if (byte === 0xdd) return unsigned(bytes, at + 1, 4);
  if (byte === 0xde) return 2 * unsigned(bytes, at + 1, 2);
  if (byte === 0xdf) return 2 * unsigned(bytes, at + 1, 4);
  return 0;
}

function unsigned(bytes: Buffer, at: number, length: 1 | 2 | 4): number {
  return at + length <= bytes.length ? bytes.readUIntBE(at, length) : 0;
}

/** The index behind the value at `start`. */
export function skipPacked(bytes: Buffer, start: number): number {
  let at = start;
  for (let left = 1; left > 0 && at < bytes.length; left -= 1) {
    left += countChildren(bytes, at);
    at += headerBytes(bytes[at] as number) + dataBytes(bytes, at);
  }
  return at;
}

/** As `scanMembers` of JSON: visits the members of the map at `start`, and returns the index behind it. */
export function scanPackedMembers(
  bytes: Buffer,
  start: number,
  visit: (keyStart: number, keyEnd: number, valueStart: number, valueEnd: number) => void,
): number {
  const first = bytes[start];
  if (first === undefined || !isMap(first)) return skipPacked(bytes, start);
  let at = start + headerBytes(first);
  for (let left = countChildren(bytes, start); left > 0 && at < bytes.length; left -= 2) {
    const keyEnd = skipPacked(bytes, at);
    const valueEnd = skipPacked(bytes, keyEnd);
    if (valueEnd <= bytes.length && keyEnd < valueEnd) visit(at, keyEnd, keyEnd, valueEnd);
    at = valueEnd;
  }
  return at;
}

/** As `scanItems` of JSON: visits the items of the array at `start`. */
export function scanPackedItems(bytes: Buffer, start: number, visit: (itemStart: number) => number): void {
  let at = start + headerBytes(bytes[start] as number);
  for (let left = countChildren(bytes, start); left > 0 && at < bytes.length; left -= 1) at = visit(at);
}

/** Whether the value between `start` and `end` is this text of ASCII letters. */
export function isPackedText(bytes: Buffer, start: number, end: number, text: string): boolean {
  const first = bytes[start];
  if (first === undefined || !isStr(first)) return false;
  const from = start + headerBytes(first);
  return end - from === text.length && bytes.toString('latin1', from, end) === text;
}

/** Whether a request may have the value between `start` and `end` as its id: text, a number or nil. */
export function mayBeId(bytes: Buffer, start: number, end: number): boolean {
  const first = bytes[start];
  if (first === undefined || end > bytes.length || start >= end) return false;
  return first === NIL || isStr(first) || isNumber(first);
}

/** The text, the number or nil at `start`; undefined for every other value. A large integer is a bigint. */
export function readScalar(bytes: Buffer, start: number): string | number | bigint | null | undefined {
  const first = bytes[start];
  if (first === undefined) return undefined;
  const at = start + headerBytes(first);
  const end = at + dataBytes(bytes, start);
  if (end > bytes.length) return undefined;
  if (first === NIL) return null;
  if (isStr(first)) return bytes.toString('utf8', at, end);
  if (first <= 0x7f) return first;
  if (first >= 0xe0) return first - 0x100;
  if (first === 0xca) return bytes.readFloatBE(at);
  if (first === 0xcb) return bytes.readDoubleBE(at);
  if (first === 0xcf) return numberOf(bytes.readBigUInt64BE(at));
  if (first === 0xd3) return numberOf(bytes.readBigInt64BE(at));
  if (first >= 0xcc && first <= 0xce) return bytes.readUIntBE(at, end - at);
  if (first >= 0xd0 && first <= 0xd2) return bytes.readIntBE(at, end - at);
  return undefined;
}

function numberOf(integer: bigint): number | bigint {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}
