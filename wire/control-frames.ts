/**
 * What the agent itself must know of a request, found without parsing it: `timeoutMs` in its envelope, and the
 * notification `$/cancelRequest`. Most frames have neither, which one native search over many of them tells.
 */

import { sniffEncoding } from './encoding.ts';
import { scanEnvelope } from './envelope-scan.ts';
import type { IdText } from './id-text.ts';

/** No quotes: a search for what begins with a byte that is everywhere takes a hundred times as long. */
const CANCEL = Buffer.from('$/cancelRequest');
const TIMEOUT = Buffer.from('timeoutMs');
/** Longer ones, setTimeout() takes for none at all. */
const TIMEOUT_MS = 2 ** 31 - 1;

/** Whether any of these frames may have to do with the agent itself. */
export function mayHaveControl(run: Buffer): boolean {
  return run.includes(TIMEOUT) || run.includes(CANCEL);
}

export type ControlFrame =
  /** Nobody waits any more for the reply to this id. */
  | { kind: 'cancel'; id: IdText }
  /** After so long, in milliseconds, nobody waits for the reply any more. */
  | { kind: 'timeout'; timeoutMs: number };

/** Undefined for a frame of which the agent itself need not know; never throws. */
export function readControl(payload: Buffer): ControlFrame | undefined {
  if (!mayHaveControl(payload) || sniffEncoding(payload) !== 'json') return undefined;
  const { method, timeoutMs, id, cancelledId } = scanEnvelope(payload);
  // With an id it is a request, to a method that there is not.
  if (method === '$/cancelRequest' && id === undefined) {
    return cancelledId === undefined ? undefined : { kind: 'cancel', id: cancelledId };
  }
  if (timeoutMs === undefined || !(timeoutMs > 0) || timeoutMs > TIMEOUT_MS) return undefined;
  return { kind: 'timeout', timeoutMs };
}
