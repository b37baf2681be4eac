/**
 * What the agent itself must know of a request, found without parsing: `timeoutMs` in the envelope, and the notification
 * `$/cancelRequest`. Most frames have neither; one native search over a whole run tells.
 */

import { sniffEncoding } from './encoding.ts';
import { scanEnvelope } from './envelope-scan.ts';
import type { IdText } from './id-text.ts';

/** Without quotes: a search for a needle that begins with a frequent byte takes a hundred times as long. */
const CANCEL_METHOD = '$/cancelRequest';
const CANCEL = Buffer.from(CANCEL_METHOD);
const TIMEOUT = Buffer.from('timeoutMs');
/** The longest time that setTimeout() accepts; it takes longer ones for 0. */
const TIMEOUT_MS = 2 ** 31 - 1;

/** Whether any of these frames may concern the agent itself. */
export function mayHaveControl(run: Buffer): boolean {
  return run.includes(TIMEOUT) || run.includes(CANCEL);
}

export type ControlFrame =
  /** The caller cancels the request with this id. */
  | { kind: 'cancel'; id: IdText }
  /** The caller waits for the reply this many milliseconds at most. */
  | { kind: 'timeout'; timeoutMs: number };

/** Undefined for a frame that does not concern the agent itself; never throws. */
export function readControl(payload: Buffer): ControlFrame | undefined {
  if (!mayHaveControl(payload) || sniffEncoding(payload) !== 'json') return undefined;
  const { isMethod, timeoutMs, id, paramsId } = scanEnvelope(payload, CANCEL_METHOD);
  // With an id it is a request to a method that does not exist.
  if (isMethod && id === undefined) return paramsId === undefined ? undefined : { kind: 'cancel', id: paramsId };
  if (timeoutMs === undefined || !(timeoutMs > 0) || timeoutMs > TIMEOUT_MS) return undefined;
  return { kind: 'timeout', timeoutMs };
}
