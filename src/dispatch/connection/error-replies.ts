/** Error replies that the main thread writes in place of a worker. */
import { sniffEncoding } from '../../../wire/encoding.ts';
import type { PlainError } from '../../../wire/errors.ts';
import { encodeTextFrame } from '../../../wire/frame.ts';
import { scanIds } from '../../../wire/id-scan.ts';
import { NULL_ID } from '../../../wire/id-text.ts';
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

/** Whether the caller awaits a reply: false for a notification. */
export function isAwaited(payload: Buffer): boolean {
  return sniffEncoding(payload) !== 'json' || scanIds(payload).ids.length > 0;
}
