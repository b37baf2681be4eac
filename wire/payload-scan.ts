/** Scans a payload in its encoding, JSON or MessagePack, without parsing. Never throws. */
import { skipWhiteSpace, sniffEncoding } from './encoding.ts';
import { type IdText, packedId } from './id-text.ts';
import { isArray, isString, isText, numberText, scanItems, scanMembers } from './json-scan.ts';
import * as packed from './messagepack/scan.ts';

/** A value stands between two indexes. */
export type PayloadScan = {
  /** Where the message begins. */
  start(bytes: Buffer): number;
  /** Whether the message is a batch. */
  isBatch(bytes: Buffer, start: number): boolean;
  /** See json-scan.ts. */
  items: typeof scanItems;
  /** See json-scan.ts. */
  members: typeof scanMembers;
  /** Whether the value is this text of ASCII letters, in any spelling. */
  isText(bytes: Buffer, from: number, to: number, text: string): boolean;
  /** The value as it was written, if a request may have it as its id. */
  id(bytes: Buffer, from: number, to: number): IdText | undefined;
  number(bytes: Buffer, from: number, to: number): number | undefined;
  text(bytes: Buffer, from: number, to: number): string | undefined;
};

/** The longest text of a number that is read. */
const MAX_NUMBER_BYTES = 32;

const json: PayloadScan = {
  start: (bytes) => skipWhiteSpace(bytes, 0),
  isBatch: isArray,
  items: scanItems,
  members: scanMembers,
  isText,
  id: (bytes, from, to) => (isJsonId(bytes, from, to) ? bytes.toString('utf8', from, to) : undefined),
  number(bytes, from, to) {
    const text = to - from > MAX_NUMBER_BYTES ? undefined : numberText(bytes, from, to);
    return text === undefined ? undefined : Number(text);
  },
  text: (bytes, from, to) =>
    isString(bytes, from, to) ? (JSON.parse(bytes.toString('utf8', from, to)) as string) : undefined,
};

const messagePack: PayloadScan = {
  start: () => 0,
  isBatch: (bytes, start) => packed.isArray(bytes[start] ?? 0),
  items: packed.scanPackedItems,
  members: packed.scanPackedMembers,
  isText: packed.isPackedText,
  id: (bytes, from, to) => (packed.mayBeId(bytes, from, to) ? packedId(bytes, from, to) : undefined),
  number(bytes, from, to) {
    const value = from < to ? packed.readScalar(bytes, from) : undefined;
    return typeof value === 'number' ? value : undefined;
  },
  text(bytes, from, to) {
    const value = from < to ? packed.readScalar(bytes, from) : undefined;
    return typeof value === 'string' ? value : undefined;
  },
};

/** That of JSON for a payload in no known encoding too. */
export function scanOf(payload: Buffer): PayloadScan {
  return sniffEncoding(payload) === 'messagepack' ? messagePack : json;
}

function isJsonId(bytes: Buffer, start: number, end: number): boolean {
  return isString(bytes, start, end) || numberText(bytes, start, end) !== undefined || isNull(bytes, start, end);
}

function isNull(bytes: Buffer, start: number, end: number): boolean {
  return end - start === 4 && bytes.toString('latin1', start, end) === 'null';
}
