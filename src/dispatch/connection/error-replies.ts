/** Error replies that the main thread writes in place of a worker. */
import { sniffEncoding } from '../../../wire/encoding.ts';
import type { PlainError } from '../../../wire/errors.ts';
import { encodeTextFrame } from '../../../wire/frame.ts';
import { hasId, hasNotification, scanIds } from '../../../wire/id-scan.ts';
import { type IdText, NULL_ID } from '../../../wire/id-text.ts';
import { encodeError } from '../../../wire/json-rpc.ts';
import type { Outcome } from '../../../workers/task.ts';

/** The error reply of an RPC agent to a request, or to each request of a JSON-RPC batch. A frame that is not JSON gets one too. */
export function errorsFor(payload: Buffer, error: PlainError): Pick<Outcome, 'reply' | 'failure'> {
  const isJson = sniffEncoding(payload) === 'json';
  const { batch, ids } = isJson ? scanIds(payload) : { batch: false, ids: [NULL_ID] };
  if (ids.length === 0) return {};
  const errors = ids.map((id) => encodeError(id, error));
  return { reply: encodeTextFrame(batch ? `[${errors.join(',')}]` : (errors[0] as string)) };
}

/** The error reply to the request with this id. */
export function errorFor(id: IdText, error: PlainError): Pick<Outcome, 'reply' | 'failure'> {
  return { reply: encodeTextFrame(encodeError(id, error)) };
}

/** Whether the caller awaits a reply: false for a notification. */
export function isAwaited(payload: Buffer): boolean {
  return sniffEncoding(payload) !== 'json' || hasId(payload);
}

/**
 * Whether everything in a frame can be refused with an error reply. A notification, also one in a JSON-RPC batch, would be
 * refused in silence.
 */
export function canRefuse(payload: Buffer): boolean {
  return sniffEncoding(payload) !== 'json' || (hasId(payload) && !hasNotification(payload));
}
