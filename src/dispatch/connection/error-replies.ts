/** What the main thread itself answers, in place of a worker. */
import { sniffEncoding } from '../../../wire/encoding.ts';
import type { PlainError } from '../../../wire/errors.ts';
import { encodeTextFrame } from '../../../wire/frame.ts';
import { scanIds } from '../../../wire/id-scan.ts';
import { NULL_ID } from '../../../wire/id-text.ts';
import { encodeError } from '../../../wire/json-rpc.ts';
import type { Outcome } from '../../../workers/task.ts';

/** What an RPC agent answers for a request that nobody can answer any more. Who sends what is no JSON waits too. */
export function errorsFor(payload: Buffer, error: PlainError): Pick<Outcome, 'reply' | 'failure'> {
  const isJson = sniffEncoding(payload) === 'json';
  const { batch, ids } = isJson ? scanIds(payload) : { batch: false, ids: [NULL_ID] };
  if (ids.length === 0) return {};
  const errors = ids.map((id) => encodeError(id, error));
  return { reply: encodeTextFrame(batch ? `[${errors.join(',')}]` : (errors[0] as string)) };
}

/** Whether anybody waits for an answer: a notification is never answered. */
export function isAwaited(payload: Buffer): boolean {
  return sniffEncoding(payload) !== 'json' || scanIds(payload).ids.length > 0;
}
