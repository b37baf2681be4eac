/** Finds the calls in a frame, and how they have ended in the frame of their reply, without parsing. Never throws. */
import { isReadable } from './encoding.ts';
import type { IdText } from './id-text.ts';
import { type PayloadScan, scanOf } from './payload-scan.ts';
import { type TraceContext, traceIn } from './trace-context.ts';

/** A longer text is no name of an export, and no trace context. */
const MAX_TEXT_BYTES = 1024;
const MAX_MESSAGE_BYTES = 16 * 1024;

export type ScannedCall = {
  /** Undefined for a notification. */
  id: IdText | undefined;
  method: string;
  trace: TraceContext | undefined;
};

export type ScannedOutcome = {
  id: IdText | undefined;
  /** Undefined for a result. */
  error: ScannedError | undefined;
};

export type ScannedError = { name: string; message: string; code: string | number | undefined };

/** Where a value stands. */
type Span = { from: number; to: number };
type Spans<Key extends string> = Partial<Record<Key, Span>>;

/** Visits each request of a frame that has a method. */
export function scanCalls(payload: Buffer, visit: (call: ScannedCall) => void): void {
  scanMessages(payload, (scan, at) => {
    const { spans, end } = scanKeys(scan, payload, at, ['id', 'method', 'traceparent', 'tracestate']);
    const method = textAt(scan, payload, spans.method);
    const trace = traceIn({
      traceparent: textAt(scan, payload, spans.traceparent),
      tracestate: textAt(scan, payload, spans.tracestate),
    });
    if (method !== undefined) visit({ id: idAt(scan, payload, spans.id), method, trace });
    return end;
  });
}

/** Visits each response of a frame. */
export function scanOutcomes(payload: Buffer, visit: (outcome: ScannedOutcome) => void): void {
  scanMessages(payload, (scan, at) => {
    const { spans, end } = scanKeys(scan, payload, at, ['id', 'error']);
    visit({ id: idAt(scan, payload, spans.id), error: spans.error && readError(scan, payload, spans.error) });
    return end;
  });
}

/** An error's own name and code are in its data: see docs/protocol.md. */
function readError(scan: PayloadScan, payload: Buffer, { from }: Span): ScannedError {
  const { spans } = scanKeys(scan, payload, from, ['code', 'message', 'data']);
  const { data } = spans;
  const own = data && scanKeys(scan, payload, data.from, ['name', 'code']).spans;
  return {
    name: textAt(scan, payload, own?.name) ?? 'Error',
    message: textAt(scan, payload, spans.message, MAX_MESSAGE_BYTES) ?? '',
    code: textAt(scan, payload, own?.code) ?? numberAt(scan, payload, own ? own.code : spans.code),
  };
}

/** @param visit returns the index behind the message. */
function scanMessages(payload: Buffer, visit: (scan: PayloadScan, at: number) => number): void {
  if (!isReadable(payload)) return;
  const scan = scanOf(payload);
  const start = scan.start(payload);
  if (scan.isBatch(payload, start)) scan.items(payload, start, (at) => visit(scan, at));
  else visit(scan, start);
}

/** The values of members of an object. Of several equal keys the last one counts, as in JSON.parse. */
function scanKeys<Key extends string>(
  scan: PayloadScan,
  payload: Buffer,
  at: number,
  keys: readonly Key[],
): { spans: Spans<Key>; end: number } {
  const spans: Spans<Key> = {};
  const end = scan.members(payload, at, (keyStart, keyEnd, from, to) => {
    const key = keys.find((text) => scan.isText(payload, keyStart, keyEnd, text));
    if (key !== undefined) spans[key] = { from, to };
  });
  return { spans, end };
}

function textAt(scan: PayloadScan, payload: Buffer, span?: Span, maxBytes = MAX_TEXT_BYTES): string | undefined {
  return span === undefined || span.to - span.from > maxBytes ? undefined : scan.text(payload, span.from, span.to);
}

function numberAt(scan: PayloadScan, payload: Buffer, span?: Span): number | undefined {
  return span && scan.number(payload, span.from, span.to);
}

function idAt(scan: PayloadScan, payload: Buffer, span?: Span): IdText | undefined {
  return span && scan.id(payload, span.from, span.to);
}
