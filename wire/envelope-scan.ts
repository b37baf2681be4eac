/** Finds the envelope of a single request, the members beside its params, without parsing. */
import { skipWhiteSpace } from './encoding.ts';
import { legalId } from './id-scan.ts';
import type { IdText } from './id-text.ts';
import { isString, isText, numberText, scanMembers } from './json-scan.ts';

export type Envelope = {
  /** Undefined for a notification. */
  id: IdText | undefined;
  /** Whether the method is this one. */
  isMethod: boolean;
  timeoutMs: number | undefined;
  /** The id in the params, if these are an object, and the method is the one that was asked for. */
  paramsId: IdText | undefined;
};

/** The longest text of a number that is read. */
const MAX_NUMBER_BYTES = 32;
/** A longer text is no name of an export. */
const MAX_NAME_BYTES = 1024;
const MAX_LOGGED_LETTERS = 64;
const NOWHERE: Span = { from: 0, to: 0 };

/** Where a value stands. */
type Span = { from: number; to: number };

/** Never throws. A batch has no envelope. Of several equal keys the last one counts, as in JSON.parse. */
export function scanEnvelope(payload: Buffer, method: string): Envelope {
  let [id, methodSpan, timeoutMs, params]: [Span, Span, Span, Span] = [NOWHERE, NOWHERE, NOWHERE, NOWHERE];
  scanMembers(payload, skipWhiteSpace(payload, 0), (keyStart, keyEnd, from, to) => {
    const isKey = (text: string): boolean => isText(payload, keyStart, keyEnd, text);
    if (isKey('id')) id = { from, to };
    else if (isKey('method')) methodSpan = { from, to };
    else if (isKey('timeoutMs')) timeoutMs = { from, to };
    else if (isKey('params')) params = { from, to };
  });
  const isMethod = isText(payload, methodSpan.from, methodSpan.to, method);
  return {
    id: legalId(payload, id.from, id.to),
    isMethod,
    timeoutMs: numberAt(payload, timeoutMs),
    // Params may be long: they are scanned only for launchpool's own method.
    paramsId: isMethod && params !== NOWHERE ? idIn(payload, params.from) : undefined,
  };
}

/** The method of a single request, for the log; a long name is cut. Undefined if there is none. Never throws. */
export function scanMethod(payload: Buffer): string | undefined {
  let method = NOWHERE;
  scanMembers(payload, skipWhiteSpace(payload, 0), (keyStart, keyEnd, from, to) => {
    if (isText(payload, keyStart, keyEnd, 'method')) method = { from, to };
  });
  const { from, to } = method;
  if (to - from > MAX_NAME_BYTES || !isString(payload, from, to)) return undefined;
  return (JSON.parse(payload.toString('utf8', from, to)) as string).slice(0, MAX_LOGGED_LETTERS);
}

function numberAt(bytes: Buffer, { from, to }: Span): number | undefined {
  const text = to - from > MAX_NUMBER_BYTES ? undefined : numberText(bytes, from, to);
  return text === undefined ? undefined : Number(text);
}

function idIn(bytes: Buffer, start: number): IdText | undefined {
  let id = NOWHERE;
  scanMembers(bytes, start, (keyStart, keyEnd, from, to) => {
    if (isText(bytes, keyStart, keyEnd, 'id')) id = { from, to };
  });
  return legalId(bytes, id.from, id.to);
}
