/**
 * Finds the ids of the requests in a frame without parsing: what the main thread needs for a frame that it must answer
 * itself.
 */
import { skipWhiteSpace } from './encoding.ts';
import type { IdText } from './id-text.ts';
import { isArray, isText, scanItems, scanMembers, valueAt } from './json-scan.ts';

/** The ids that await an answer, and whether the answer is one array. */
export type OwedIds = { batch: boolean; ids: IdText[] };

/** Never throws. In text that is not JSON it finds the ids before the fault. */
export function scanIds(payload: Buffer): OwedIds {
  const start = skipWhiteSpace(payload, 0);
  const ids: IdText[] = [];
  if (isArray(payload, start)) {
    scanItems(payload, start, (at) => scanRequest(payload, at, ids));
    return { batch: true, ids };
  }
  scanRequest(payload, start, ids);
  return { batch: false, ids };
}

/** Adds the id of the request at `start`, if it has one; returns the index behind the request. */
function scanRequest(bytes: Buffer, start: number, ids: IdText[]): number {
  let id: IdText | undefined;
  const end = scanMembers(bytes, start, (keyStart, keyEnd, from, to) => {
    // The last of several equal keys counts, as in JSON.parse.
    if (isText(bytes, keyStart, keyEnd, 'id')) id = legalId(bytes, from, to);
  });
  if (id !== undefined) ids.push(id);
  return end;
}

/** An id as it was written, if it is legal. */
export function legalId(bytes: Buffer, start: number, end: number): IdText | undefined {
  const id = valueAt(bytes, start, end);
  const isLegal = typeof id === 'string' || typeof id === 'number' || id === null;
  return isLegal ? bytes.toString('utf8', start, end) : undefined;
}
