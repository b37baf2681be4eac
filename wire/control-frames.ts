/**
 * What the agent itself must know of a request, found without parsing: `timeoutMs` in the envelope, and the notifications
 * `$/cancelRequest`, `$/more` and `$/items`. Most frames have none of them; two native searches over a whole run tell.
 */

import { isReadable } from './encoding.ts';
import { scanControlParams, scanEnvelope } from './envelope-scan.ts';
import type { IdText } from './id-text.ts';
import { ITEMS_METHOD, isCredit, MORE_METHOD, type StreamCredit } from './stream.ts';
import { MAX_TIMEOUT_MS } from './timeout.ts';

const CANCEL_METHOD = '$/cancelRequest';
const METHODS = [CANCEL_METHOD, MORE_METHOD, ITEMS_METHOD] as const;
/** Without a quote: a search for a needle that begins with a frequent byte takes a hundred times as long. */
const OWN_METHOD = Buffer.from('$/');
const TIMEOUT = Buffer.from('timeoutMs');

/** Whether any of these frames may concern the agent itself. */
export function mayHaveControl(run: Buffer): boolean {
  return run.includes(TIMEOUT) || run.includes(OWN_METHOD);
}

export type ControlFrame =
  | RequestControl
  /** The caller waits for the reply this many milliseconds at most. */
  | { kind: 'timeout'; timeoutMs: number };

/** Something about an open request of the caller. */
export type RequestControl =
  /** The caller cancels the request with this id. */
  | { kind: 'cancel'; id: IdText }
  /** The caller has room for more values of the stream of this request. */
  | { kind: 'more'; id: IdText; credit: StreamCredit }
  /** Values of a parameter of this request. */
  | { kind: 'items'; id: IdText };

/** Undefined for a frame that does not concern the agent itself; never throws. */
export function readControl(payload: Buffer): ControlFrame | undefined {
  if (!mayHaveControl(payload) || !isReadable(payload)) return undefined;
  const { method, timeoutMs, id, paramsAt } = scanEnvelope(payload, METHODS);
  // With an id it is a request to a method that does not exist.
  if (method !== undefined && id === undefined) return readOwn(payload, method, paramsAt);
  if (timeoutMs === undefined || !(timeoutMs > 0) || timeoutMs > MAX_TIMEOUT_MS) return undefined;
  return { kind: 'timeout', timeoutMs };
}

function readOwn(payload: Buffer, method: string, paramsAt: number | undefined): ControlFrame | undefined {
  if (paramsAt === undefined) return undefined;
  const { id, items = 0, bytes = 0 } = scanControlParams(payload, paramsAt);
  if (id === undefined) return undefined;
  if (method === CANCEL_METHOD) return { kind: 'cancel', id };
  if (method === ITEMS_METHOD) return { kind: 'items', id };
  return isCredit(items) && isCredit(bytes) ? { kind: 'more', id, credit: { items, bytes } } : undefined;
}
