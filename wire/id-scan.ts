/**
 * Finds the ids of the requests in a frame without parsing: what the main thread needs for a frame that it must answer
 * itself.
 */
import type { IdText } from './id-text.ts';
import { type PayloadScan, scanOf } from './payload-scan.ts';

/** The ids that await an answer, and whether the answer is one array. */
export type OwedIds = { batch: boolean; ids: IdText[] };

export type IdLimits = {
  /** The highest number of items of a JSON-RPC batch. */
  maxItems: number;
  /** The highest number of bytes that all ids have together. */
  maxBytes: number;
};

export type BoundedIds = OwedIds & {
  /** Whether the frame is within the limits. If not, the scan has stopped, and the ids are those before. */
  isComplete: boolean;
};

const NO_LIMITS: IdLimits = { maxItems: Number.POSITIVE_INFINITY, maxBytes: Number.POSITIVE_INFINITY };

/** Never throws. In a payload that is cut off or at fault it finds the ids before the fault. */
export function scanIds(payload: Buffer): OwedIds {
  const { batch, ids } = scanIdsWithin(payload, NO_LIMITS);
  return { batch, ids };
}

/** As {@link scanIds}; stops at the limits. */
export function scanIdsWithin(payload: Buffer, { maxItems, maxBytes }: IdLimits): BoundedIds {
  const scan = scanOf(payload);
  const start = scan.start(payload);
  const found: BoundedIds = { batch: scan.isBatch(payload, start), ids: [], isComplete: true };
  let items = 0;
  let bytes = 0;
  const visit = (at: number): number => {
    items += 1;
    const { id, end } = findId(scan, payload, at);
    bytes += id?.length ?? 0;
    if (items > maxItems || bytes > maxBytes) {
      found.isComplete = false;
      return payload.length;
    }
    if (id !== undefined) found.ids.push(id);
    return end;
  };
  if (found.batch) scan.items(payload, start, visit);
  else visit(start);
  return found;
}

/** Whether any request in a frame awaits an answer: stops at the first one. */
export function hasId(payload: Buffer): boolean {
  return hasRequest(payload, true);
}

/** Whether any request in a frame awaits no answer: stops at the first one. */
export function hasNotification(payload: Buffer): boolean {
  return hasRequest(payload, false);
}

function hasRequest(payload: Buffer, withId: boolean): boolean {
  const scan = scanOf(payload);
  const start = scan.start(payload);
  let isFound = false;
  const visit = (at: number): number => {
    const { id, end } = findId(scan, payload, at);
    isFound = (id !== undefined) === withId;
    return isFound ? payload.length : end;
  };
  if (scan.isBatch(payload, start)) scan.items(payload, start, visit);
  else visit(start);
  return isFound;
}

/** The id of the request at `at`, if it is legal, and where the request ends. */
function findId(scan: PayloadScan, bytes: Buffer, at: number): { id: IdText | undefined; end: number } {
  let [from, to] = [0, 0];
  const end = scan.members(bytes, at, (keyStart, keyEnd, valueStart, valueEnd) => {
    // The last of several equal keys counts, as in JSON.parse.
    if (scan.isText(bytes, keyStart, keyEnd, 'id')) [from, to] = [valueStart, valueEnd];
  });
  return { id: scan.id(bytes, from, to), end };
}
