/** Finds the envelope of a single request, the members beside its params, without parsing. */
import { skipWhiteSpace } from './encoding.ts';
import { legalId } from './id-scan.ts';
import type { IdText } from './id-text.ts';
import { isText, scanMembers, valueAt } from './json-scan.ts';

export type Envelope = {
  /** Undefined for a notification. */
  id: IdText | undefined;
  /** Only if it begins with `$/`. */
  method: string | undefined;
  timeoutMs: number | undefined;
  /** The id in the params, if these are an object. */
  cancelledId: IdText | undefined;
};

/** Launchpool's own methods have shorter names. */
const MAX_METHOD_BYTES = 64;
/** The longest text of a number that is read. */
const MAX_NUMBER_BYTES = 32;

/** Never throws. A batch has no envelope. */
export function scanEnvelope(payload: Buffer): Envelope {
  const envelope: Envelope = { id: undefined, method: undefined, timeoutMs: undefined, cancelledId: undefined };
  let paramsAt: number | undefined;
  scanMembers(payload, skipWhiteSpace(payload, 0), (keyStart, keyEnd, from, to) => {
    const isKey = (text: string): boolean => isText(payload, keyStart, keyEnd, text);
    if (isKey('id')) envelope.id = legalId(payload, from, to);
    else if (isKey('method')) envelope.method = ownMethod(payload, from, to);
    else if (isKey('timeoutMs')) envelope.timeoutMs = numberAt(payload, from, to);
    else if (isKey('params')) paramsAt = from;
  });
  // Params may be long: they are scanned only for launchpool's own methods.
  if (envelope.method !== undefined && paramsAt !== undefined) envelope.cancelledId = idIn(payload, paramsAt);
  return envelope;
}

function ownMethod(bytes: Buffer, start: number, end: number): string | undefined {
  const method = end - start > MAX_METHOD_BYTES ? undefined : valueAt(bytes, start, end);
  return typeof method === 'string' && method.startsWith('$/') ? method : undefined;
}

function numberAt(bytes: Buffer, start: number, end: number): number | undefined {
  const number = end - start > MAX_NUMBER_BYTES ? undefined : valueAt(bytes, start, end);
  return typeof number === 'number' ? number : undefined;
}

function idIn(bytes: Buffer, start: number): IdText | undefined {
  let id: IdText | undefined;
  scanMembers(bytes, start, (keyStart, keyEnd, from, to) => {
    if (isText(bytes, keyStart, keyEnd, 'id')) id = legalId(bytes, from, to);
  });
  return id;
}
