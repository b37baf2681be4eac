/** The caller's side of JSON-RPC 2.0: requests to bytes, bytes to responses. */
import { fromPlain, LaunchpoolError, type PlainError, toPlain } from './errors.ts';
import { readPlain } from './plain-error.ts';

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * A request as JSON text; without an id it is a notification.
 * @param timeoutMs how long the agent may take after it has read the request. See docs/protocol.md.
 * @throws ERR_LAUNCHPOOL_PARAMS_INVALID when the params have no form in JSON.
 */
export function encodeRequest(
  id: number | undefined,
  method: string,
  params: readonly unknown[],
  timeoutMs?: number,
): string {
  try {
    return JSON.stringify({ jsonrpc: '2.0', id, method, timeoutMs, params: params.length === 0 ? undefined : params });
  } catch (cause) {
    const { message } = toPlain(cause);
    throw new LaunchpoolError('ERR_LAUNCHPOOL_PARAMS_INVALID', `the params are not JSON: ${message}`, { cause });
  }
}

/** The notification that cancels the request with this id. */
export function encodeCancel(id: number): string {
  return JSON.stringify({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } });
}

export type RpcResponse = { id: unknown; result: unknown } | { id: unknown; error: LaunchpoolError };

/**
 * Reads the responses in a frame.
 * @throws ERR_LAUNCHPOOL_REPLY_INVALID
 */
export function decodeResponses(payload: Uint8Array): RpcResponse[] {
  let value: unknown;
  try {
    value = JSON.parse(text.decode(payload));
  } catch (cause) {
    throw replyInvalid('it is not JSON', cause);
  }
  return (Array.isArray(value) ? value : [value]).map(readResponse);
}

function readResponse(value: unknown): RpcResponse {
  if (typeof value !== 'object' || value === null) throw replyInvalid('it is not an object');
  const { id, error } = value as { id?: unknown; error?: unknown };
  if (error === undefined) {
    if (!('result' in value)) throw replyInvalid('it has neither a result nor an error');
    return { id, result: value.result };
  }
  const { code, message, data } = (error ?? {}) as { code?: unknown; message?: unknown; data?: unknown };
  if (typeof code !== 'number' || typeof message !== 'string') throw replyInvalid('its error has no code or message');
  return { id, error: fromPlain(plainOf(code, message, data)) };
}

const OWN_FIELDS: ReadonlySet<string> = new Set([
  ...['name', 'code', 'hint', 'data', 'stack', 'retryable', 'fields', 'cause', 'errors'],
]);

/** The error that {@link encodeError} wrote; for another server, its code and data as they are. */
function plainOf(rpcCode: number, message: string, data: unknown): PlainError {
  const own = isOwn(data) ? readPlain({ ...data, message }) : undefined;
  return own ?? { name: 'Error', message, code: rpcCode, data };
}

function isOwn(data: unknown): data is object {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return false;
  return Object.keys(data).every((field) => OWN_FIELDS.has(field));
}

function replyInvalid(what: string, cause?: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_REPLY_INVALID', `the reply is not JSON-RPC 2.0: ${what}`, {
    cause,
    hint: 'Is this a raw agent? Call it with connectRaw(), or `launchpool call --raw`.',
  });
}
