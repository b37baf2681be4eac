/** Finds what is wrong with bytes that should be one value in MessagePack, before anything is made of them. */
import { isUtf8 } from 'node:buffer';
import { BIGINT_TYPE, MAP_TYPE, SET_TYPE, TIMESTAMP } from './extensions.ts';
import { countChildren, dataBytes, headerBytes, isArray, isExt, isMap, isStr, skipPacked } from './scan.ts';

/** Deeper values are refused: they are decoded by recursion. */
export const MAX_DEPTH = 512;
/** The farthest point in time that a Date has, in milliseconds. */
const MAX_TIME_MS = 8.64e15;
const PROTO = '__proto__';
const NEVER_USED = 0xc1;

export type Fault = {
  what: string;
  /** Whether it is MessagePack, with something that is not read. */
  isLegal?: boolean;
};

/** Bytes that are no value in MessagePack, or one that is not read. */
export class Unreadable extends Error {
  readonly fault: Fault;
  constructor(fault: Fault) {
    super(fault.what);
    this.fault = fault;
  }
}

/** Arrays and maps that are open: how many of their values are left, and whether keys stand between them. */
type Open = { left: number; isMap: boolean };

const CUT_OFF: Fault = { what: 'it is cut off' };
const TOO_DEEP: Fault = { what: `it is nested more deeply than ${MAX_DEPTH}`, isLegal: true };

/** Undefined if the bytes from `start` to `end` are one value. Never throws. */
export function findFault(bytes: Buffer, start = 0, end: number = bytes.length, depth = 0): Fault | undefined {
  const open: Open[] = [];
  let at = start;
  do {
    if (at >= end) return CUT_OFF;
    const holder = open.at(-1);
    const isKey = holder?.isMap === true && holder.left % 2 === 0;
    if (holder !== undefined) holder.left -= 1;
    const byte = bytes[at] as number;
    const from = at + headerBytes(byte);
    const to = from + (from > end ? 0 : dataBytes(bytes, at));
    if (to > end) return CUT_OFF;
    const fault = faultOf(bytes, { at, from, to, isKey, depth: depth + open.length });
    if (fault !== undefined) return fault;
    const children = countChildren(bytes, at);
    if (children > 0) {
      if (depth + open.length >= MAX_DEPTH) return TOO_DEEP;
      open.push({ left: children, isMap: isMap(byte) });
    }
    at = to;
    while (open.at(-1)?.left === 0) open.pop();
  } while (open.length > 0);
  return at === end ? undefined : { what: `it has ${end - at} bytes behind its end` };
}

type Token = { at: number; from: number; to: number; isKey: boolean; depth: number };

function faultOf(bytes: Buffer, { at, from, to, isKey, depth }: Token): Fault | undefined {
  const byte = bytes[at] as number;
  if (byte === NEVER_USED) return { what: 'it has a byte 0xc1, which MessagePack does not use' };
  if (isStr(byte)) {
    if (!isUtf8(bytes.subarray(from, to))) return { what: 'it has text that is not UTF-8' };
    if (isKey && to - from === PROTO.length && bytes.toString('latin1', from, to) === PROTO)
      return { what: `it has a key ${PROTO}`, isLegal: true };
    return undefined;
  }
  if (isKey) return { what: 'it has a map with a key that is not text: use the extension 1', isLegal: true };
  return isExt(byte) ? faultOfExtension(bytes, from, to, depth) : undefined;
}

function faultOfExtension(bytes: Buffer, from: number, to: number, depth: number): Fault | undefined {
  const type = bytes.readInt8(from - 1);
  const length = to - from;
  switch (type) {
    case TIMESTAMP:
      return isTimestamp(bytes, from, length)
        ? undefined
        : { what: 'it has a time that a Date does not have', isLegal: true };
    case BIGINT_TYPE:
      return length > 0 ? undefined : { what: 'it has a BigInt without bytes' };
    case MAP_TYPE:
    case SET_TYPE: {
      if (length === 0 || !isArray(bytes[from] as number))
        return { what: `it has an extension ${type} without an array` };
      if (depth >= MAX_DEPTH) return TOO_DEEP;
      return findFault(bytes, from, to, depth + 1) ?? (type === MAP_TYPE ? faultOfPairs(bytes, from, to) : undefined);
    }
    default:
      return { what: `it has an extension of type ${type}`, isLegal: true };
  }
}

function isTimestamp(bytes: Buffer, from: number, length: number): boolean {
  if (length === 4 || length === 8) return true;
  if (length !== 12) return false;
  // The nanoseconds count too: they may be what lies beyond.
  const ms = Number(bytes.readBigInt64BE(from + 4)) * 1e3 + bytes.readUInt32BE(from) / 1e6;
  return Math.abs(ms) <= MAX_TIME_MS;
}

/** The items of the array are whole values. */
function faultOfPairs(bytes: Buffer, start: number, end: number): Fault | undefined {
  let at = start + headerBytes(bytes[start] as number);
  while (at < end) {
    const byte = bytes[at] as number;
    if (!isArray(byte) || countChildren(bytes, at) !== 2)
      return { what: 'it has an extension 1 that is no array of pairs' };
    at = skipPacked(bytes, at);
  }
  return undefined;
}
