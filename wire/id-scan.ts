/**
 * Finds the ids of the requests in a frame without parsing it: what the main thread needs of a frame that it must
 * answer itself.
 */
import { skipWhiteSpace } from './encoding.ts';
import type { IdText } from './id-text.ts';
import { isArray, isText, scanItems, scanMembers, valueAt } from './json-scan.ts';

/** The ids that are owed an answer, and whether they are owed it as one array. */
export type OwedIds = { batch: boolean; ids: IdText[] };

/** Never throws. Of a frame that is not JSON it finds what stands before the fault. */
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

/** Notes the id of the request at `start`, if it has one; returns the index behind the request. */
function scanRequest(bytes: Buffer, start: number, ids: IdText[]): number {
  let id: IdText | undefined;
  const end = scanMembers(bytes, start, (keyStart, keyEnd, from, to) => {
    // As JSON.parse does it, the last of several equal keys counts.
    if (isText(bytes, keyStart, keyEnd, 'id')) id = legalId(bytes, from, to);
  });
  if (id !== undefined) ids.push(id);
  return end;
}

/** An id as it is written, if it is one. */
export function legalId(bytes: Buffer, start: number, end: number): IdText | undefined {
  const id = valueAt(bytes, start, end);
  const isLegal = typeof id === 'string' || typeof id === 'number' || id === null;
  return isLegal ? bytes.toString('utf8', start, end) : undefined;
}
