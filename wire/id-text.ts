/** Ids as the JSON text that was sent: 1e400 or 2^63 would not survive as numbers. */
import { skipWhiteSpace } from './encoding.ts';
import { isArray, isText, scanItems, scanMembers } from './json-scan.ts';

// The module on the same thread may change the global JSON object.
const { stringify: toJson } = JSON;

export type IdText = string;

export const NULL_ID: IdText = 'null';

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
