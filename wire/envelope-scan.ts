/** Finds the envelope of a single request, the members beside its params, without parsing. */
import type { IdText } from './id-text.ts';
import { scanOf } from './payload-scan.ts';

export type Envelope = {
  /** Undefined for a notification. */
  id: IdText | undefined;
  /** The method, if it is one of those that were asked for. */
  method: string | undefined;
  timeoutMs: number | undefined;
  /** Where the params begin, if there are any and the method is one of these. */
  paramsAt: number | undefined;
};

/** Members of the params of launchpool's own notifications. */
export type ControlParams = { id: IdText | undefined; items: number | undefined; bytes: number | undefined };

/** A longer text is no name of an export. */
const MAX_NAME_BYTES = 1024;
const MAX_LOGGED_LETTERS = 64;
const NOWHERE: Span = { from: 0, to: 0 };

/** Where a value stands. */
type Span = { from: number; to: number };

/**
 * Never throws. A batch has no envelope. Of several equal keys the last one counts, as in JSON.parse.
 * @param methods the methods that are asked for.
 */
export function scanEnvelope(payload: Buffer, methods: readonly string[]): Envelope {
  let [id, methodSpan, timeoutMs, params]: [Span, Span, Span, Span] = [NOWHERE, NOWHERE, NOWHERE, NOWHERE];
  const scan = scanOf(payload);
  scan.members(payload, scan.start(payload), (keyStart, keyEnd, from, to) => {
    const isKey = (text: string): boolean => scan.isText(payload, keyStart, keyEnd, text);
    if (isKey('id')) id = { from, to };
    else if (isKey('method')) methodSpan = { from, to };
    else if (isKey('timeoutMs')) timeoutMs = { from, to };
    else if (isKey('params')) params = { from, to };
  });
  const method = methods.find((name) => scan.isText(payload, methodSpan.from, methodSpan.to, name));
  return {
    id: scan.id(payload, id.from, id.to),
    method,
    timeoutMs: scan.number(payload, timeoutMs.from, timeoutMs.to),
    // Params may be long: only those of launchpool's own methods are scanned.
    paramsAt: method !== undefined && params !== NOWHERE ? params.from : undefined,
  };
}

/** Never throws. */
export function scanControlParams(payload: Buffer, start: number): ControlParams {
  let [id, items, bytes]: [Span, Span, Span] = [NOWHERE, NOWHERE, NOWHERE];
  const scan = scanOf(payload);
  scan.members(payload, start, (keyStart, keyEnd, from, to) => {
    if (scan.isText(payload, keyStart, keyEnd, 'id')) id = { from, to };
    else if (scan.isText(payload, keyStart, keyEnd, 'items')) items = { from, to };
    else if (scan.isText(payload, keyStart, keyEnd, 'bytes')) bytes = { from, to };
  });
  const numberAt = ({ from, to }: Span): number | undefined => scan.number(payload, from, to);
  return { id: scan.id(payload, id.from, id.to), items: numberAt(items), bytes: numberAt(bytes) };
}

/** The method of a single request, for the log; a long name is cut. Undefined if there is none. Never throws. */
export function scanMethod(payload: Buffer): string | undefined {
  let method = NOWHERE;
  const scan = scanOf(payload);
  scan.members(payload, scan.start(payload), (keyStart, keyEnd, from, to) => {
    if (scan.isText(payload, keyStart, keyEnd, 'method')) method = { from, to };
  });
  const { from, to } = method;
  if (to - from > MAX_NAME_BYTES) return undefined;
  return scan.text(payload, from, to)?.slice(0, MAX_LOGGED_LETTERS);
}
