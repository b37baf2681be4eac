/**
 * Finds the ids of the requests in a frame without parsing: what the main thread needs for a frame that it must answer
 * itself.
 */
import { skipWhiteSpace } from './encoding.ts';
import type { IdText } from './id-text.ts';
import { isArray, isString, isText, numberText, scanItems, scanMembers } from './json-scan.ts';

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

/** Never throws. In text that is not JSON it finds the ids before the fault. */
export function scanIds(payload: Buffer): OwedIds {
  const { batch, ids } = scanIdsWithin(payload, NO_LIMITS);
  return { batch, ids };
}

/** As {@link scanIds}; stops at the limits. */
export function scanIdsWithin(payload: Buffer, { maxItems, maxBytes }: IdLimits): BoundedIds {
  const start = skipWhiteSpace(payload, 0);
  const found: BoundedIds = { batch: isArray(payload, start), ids: [], isComplete: true };
  let items = 0;
  let bytes = 0;
  const scan = (at: number): number => {
    items += 1;
    const { from, to, end } = findId(payload, at);
    bytes += to - from;
    if (items > maxItems || bytes > maxBytes) {
      found.isComplete = false;
      return payload.length;
    }
    if (from < to) found.ids.push(payload.toString('utf8', from, to));
    return end;
  };
  if (found.batch) scanItems(payload, start, scan);
  else scan(start);
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
  const start = skipWhiteSpace(payload, 0);
  let isFound = false;
  const scan = (at: number): number => {
    const { from, to, end } = findId(payload, at);
    isFound = from < to === withId;
    return isFound ? payload.length : end;
  };
  if (isArray(payload, start)) scanItems(payload, start, scan);
  else scan(start);
  return isFound;
}

/** Where the id of the request at `at` stands, if it is legal, and where the request ends. */
function findId(bytes: Buffer, at: number): { from: number; to: number; end: number } {
  let [from, to] = [0, 0];
  const end = scanMembers(bytes, at, (keyStart, keyEnd, valueStart, valueEnd) => {
    // The last of several equal keys counts, as in JSON.parse.
    if (isText(bytes, keyStart, keyEnd, 'id')) [from, to] = [valueStart, valueEnd];
  });
  return isLegalId(bytes, from, to) ? { from, to, end } : { from: 0, to: 0, end };
}

/** An id as it was written, if it is legal. */
export function legalId(bytes: Buffer, start: number, end: number): IdText | undefined {
  return isLegalId(bytes, start, end) ? bytes.toString('utf8', start, end) : undefined;
}

function isLegalId(bytes: Buffer, start: number, end: number): boolean {
  return isString(bytes, start, end) || numberText(bytes, start, end) !== undefined || isNull(bytes, start, end);
}

function isNull(bytes: Buffer, start: number, end: number): boolean {
  return end - start === 4 && bytes.toString('latin1', start, end) === 'null';
}
