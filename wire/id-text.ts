/**
 * Ids as they were sent: 1e400 or 2^63 would not survive as numbers. In JSON that is their text, in MessagePack their bytes.
 */
import { skipWhiteSpace } from './encoding.ts';
import { isArray, isText, scanItems, scanMembers } from './json-scan.ts';
import { readScalar } from './messagepack/scan.ts';
import { writePacked } from './messagepack/write.ts';

// The module on the same thread may change the global JSON object.
const { stringify: toJson } = JSON;

export type IdText = string;

export const NULL_ID: IdText = 'null';

/** Stands before the bytes of an id in MessagePack, as text of one character a byte. No JSON text begins with it. */
const PACKED = '\u0001';
const NIL = '\u00c0';
export const PACKED_NULL_ID: IdText = `${PACKED}${NIL}`;

/** @returns the id in MessagePack between these indexes. */
export function packedId(bytes: Buffer, from: number, to: number): IdText {
  return `${PACKED}${bytes.toString('latin1', from, to)}`;
}

/** Whether the request of this id is MessagePack, as its reply is. */
export function isPackedId(id: IdText): boolean {
  return id.startsWith(PACKED);
}

/** The same for an id in either encoding; not for numbers that JSON may write in several ways. */
export function keyOfId(id: IdText): string {
  return isPackedId(id) ? toJson(idValue(id)) : id;
}

/** An id in MessagePack. */
export function idBytes(id: IdText): Uint8Array {
  return isPackedId(id) ? Buffer.from(id.slice(PACKED.length), 'latin1') : writePacked(JSON.parse(id)).toBytes();
}

/** An id as text for people: as in JSON. */
export function idLabel(id: IdText): string {
  return isPackedId(id) ? toJson(idValue(id)) : id;
}

/** An id as a value; a number may be rounded. */
export function idValue(id: IdText): string | number | null {
  if (!isPackedId(id)) return JSON.parse(id);
  const value = readScalar(Buffer.from(id.slice(PACKED.length), 'latin1'), 0);
  return typeof value === 'bigint' ? Number(value) : (value ?? null);
}

/** The key of an id in any spelling, and a value that may have several spellings: a fraction, or a string with escapes. */
const VARIABLE_ID = /"(?:i|\\u0069)(?:d|\\u0064)"\s*:\s*(?:-?\d*[.eE]|"[^"\\]*\\)/;

/** Returns the text of the id of the request at an index of the batch. */
export type IdWriter = (id: string | number | null, index: number) => IdText;

/**
 * Looks ids up in the payload whose text does not follow from their value, which costs one scan of it.
 * @param source the payload as text, which is JSON.
 */
export function idWriter(source: string, payload: Uint8Array): IdWriter {
  let hasEscapes: boolean | undefined;
  let hasVariableId: boolean | undefined;
  let texts: readonly IdText[] | undefined;
  return (id, index) => {
    if (id === null) return NULL_ID;
    // One test serves all ids of a batch.
    if (typeof id === 'string') {
      hasEscapes ??= source.includes('\\');
      if (!hasEscapes) return toJson(id);
    }
    hasVariableId ??= VARIABLE_ID.test(source);
    if (!hasVariableId) {
      if (typeof id === 'string') return toJson(id);
      // String() turns -0 into 0.
      if (Number.isSafeInteger(id) && !Object.is(id, -0)) return String(id);
    }
    texts ??= idTextsOf(payload);
    return texts[index] ?? toJson(id);
  };
}

/** The text of each id, by the index of its request in the batch. */
function idTextsOf({ buffer, byteOffset, byteLength }: Uint8Array): IdText[] {
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  const texts: IdText[] = [];
  let index = 0;
  const scanRequest = (start: number): number => {
    const end = scanMembers(bytes, start, (keyStart, keyEnd, from, to) => {
      // The last of several equal keys counts, as in JSON.parse.
      if (isText(bytes, keyStart, keyEnd, 'id')) texts[index] = bytes.toString('utf8', from, to);
    });
    index += 1;
    return end;
  };
  const start = skipWhiteSpace(bytes, 0);
  if (isArray(bytes, start)) scanItems(bytes, start, scanRequest);
  else scanRequest(start);
  return texts;
}
