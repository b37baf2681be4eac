/** Error replies that the main thread writes in place of a worker. */
import { isReadable, sniffEncoding } from '../../../wire/encoding.ts';
import type { PlainError } from '../../../wire/errors.ts';
import { hasId, hasNotification, scanIdsWithin } from '../../../wire/id-scan.ts';
import { type IdText, NULL_ID, PACKED_NULL_ID } from '../../../wire/id-text.ts';
import { errorText } from '../../../wire/json-rpc.ts';
import { encodeErrorResponse, encodeMessage, joinEncoded } from '../../../wire/response.ts';
import type { Outcome } from '../../../workers/task.ts';

/** No reply that the main thread writes is longer than this, in bytes, whatever the request was. */
export const MAX_OWN_REPLY_BYTES: number = 8 * 1024 * 1024;
/** How many bytes of that its ids may take. */
const MAX_IDS_BYTES = 1024 * 1024;
/** What an error response takes beside its id and its error. */
const RESPONSE_BYTES = 40;
/** The longest error object, and the longest message in its place. */
const MAX_ERROR_BYTES = 64 * 1024;
const MAX_MESSAGE = 4096;

/**
 * The error reply of an RPC agent to a request, or to each request of a JSON-RPC batch. A frame that is not JSON gets one
 * too; so does a batch whose reply would be too long, with the id null.
 */
export function errorsFor(payload: Buffer, error: PlainError): Pick<Outcome, 'reply' | 'failure'> {
  const text = boundedText(error);
  const encoding = sniffEncoding(payload);
  const isPacked = encoding === 'messagepack';
  const nullId = isPacked ? PACKED_NULL_ID : NULL_ID;
  if (!isPacked && encoding !== 'json') return replyOf(nullId, text);
  const { batch, ids, isComplete } = scanIdsWithin(payload, {
    maxItems: Math.floor((MAX_OWN_REPLY_BYTES - MAX_IDS_BYTES) / (Buffer.byteLength(text) + RESPONSE_BYTES)),
    maxBytes: MAX_IDS_BYTES,
  });
  if (!isComplete) return replyOf(nullId, text);
  if (ids.length === 0) return {};
  if (!batch) return replyOf(ids[0] as IdText, text);
  const errors = ids.map((id) => encodeErrorResponse(id, text));
  return { reply: encodeMessage(joinEncoded(errors, isPacked)) };
}

/** The error may contain a message of the module, of any length. */
function boundedText(error: PlainError): string {
  const text = errorText(error);
  if (text.length <= MAX_ERROR_BYTES) return text;
  const { name, message, code } = error;
  return errorText({
    name: name.slice(0, MAX_MESSAGE),
    message: message.slice(0, MAX_MESSAGE),
    ...(typeof code === 'string' ? { code: code.slice(0, MAX_MESSAGE) } : code === undefined ? {} : { code }),
  });
}

function replyOf(id: IdText, error: string): Pick<Outcome, 'reply' | 'failure'> {
  return { reply: encodeMessage(encodeErrorResponse(id, error)) };
}

/** The error reply to the request with this id. */
export function errorFor(id: IdText, error: PlainError): Pick<Outcome, 'reply' | 'failure'> {
  return replyOf(id, boundedText(error));
}

/** Whether the caller awaits a reply: false for a notification. */
export function isAwaited(payload: Buffer): boolean {
  return !isReadable(payload) || hasId(payload);
}

/**
 * Whether everything in a frame can be refused with an error reply. A notification, also one in a JSON-RPC batch, would be
 * refused in silence.
 */
export function canRefuse(payload: Buffer): boolean {
  return !isReadable(payload) || (hasId(payload) && !hasNotification(payload));
}
