/** The caller's side of JSON-RPC 2.0: requests to bytes, bytes to responses. */
import { fromPlain, LaunchpoolError, type PlainError, toPlain } from './errors.ts';
import { findJsonLoss } from './json-loss.ts';
import { readPlain } from './plain-error.ts';
import { PROGRESS_METHOD, type ProgressReport, readProgress } from './progress.ts';
import { ITEMS_METHOD, isCredit, MORE_METHOD, STOP_METHOD, type StreamCredit } from './stream.ts';

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What stands beside the params of a request. See docs/protocol.md. */
export type CallAsks = {
  /** How long the agent may take after it has read the request. */
  timeoutMs?: number | undefined;
  /** The credit for the values of a stream; undefined to get them in one reply. */
  stream?: StreamCredit | undefined;
  /** True to get notifications of how far the request is. */
  progress?: true | undefined;
  /** The encodings beside JSON in which the result may come. */
  accept?: readonly string[] | undefined;
  /** See trace-context.ts. */
  traceparent?: string | undefined;
  tracestate?: string | undefined;
};

/** A request; without an id it is a notification. */
export function requestOf(id: number | undefined, method: string, params: readonly unknown[], asks: CallAsks): object {
  return { jsonrpc: '2.0', id, method, ...asks, params: params.length === 0 ? undefined : params };
}

/**
 * A request as JSON text; without an id it is a notification.
 * @throws ERR_LAUNCHPOOL_PARAMS_INVALID when the params have no form in JSON.
 */
export function encodeRequest(
  id: number | undefined,
  method: string,
  params: readonly unknown[],
  asks: CallAsks = {},
): string {
  let text: string;
  try {
    text = JSON.stringify(requestOf(id, method, params, asks));
  } catch (cause) {
    const { message } = toPlain(cause);
    throw new LaunchpoolError('ERR_LAUNCHPOOL_PARAMS_INVALID', `the params are not JSON: ${message}`, { cause });
  }
  const loss = findJsonLoss(params);
  if (loss === undefined) return text;
  throw new LaunchpoolError('ERR_LAUNCHPOOL_PARAMS_INVALID', `the params have ${loss}, which has no form in JSON`);
}

/** The notification that cancels the request with this id. */
export function encodeCancel(id: number): string {
  return JSON.stringify({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } });
}

export type RpcResponse = { id: unknown; result: unknown } | { id: unknown; error: LaunchpoolError };

/** Values of the stream that the request with this id has asked for. */
export type RpcItems = { id: unknown; values: readonly unknown[] };

/** How far the request with this id is. */
export type RpcProgress = { id: unknown; progress: ProgressReport };

/** The agent has room for values of a parameter of the request with this id, or reads no more of them: without credit. */
export type RpcParamCredit = { id: unknown; stream: number; credit: StreamCredit | undefined };

export type Reply = RpcResponse | RpcItems | RpcProgress | RpcParamCredit;

/**
 * Reads the responses, or the values of a stream, in a frame. Other notifications of the agent are left out: a client need
 * not know them.
 * @throws ERR_LAUNCHPOOL_REPLY_INVALID
 */
export function decodeReplies(payload: Uint8Array): Reply[] {
  let value: unknown;
  try {
    value = JSON.parse(text.decode(payload));
  } catch (cause) {
    throw replyInvalid('it is not JSON', cause);
  }
  return readReplies(value);
}

/** As {@link decodeReplies}, of a payload that is decoded. */
export function readReplies(value: unknown): Reply[] {
  const items: unknown[] = Array.isArray(value) ? value : [value];
  return items.flatMap<Reply>((item) => (isNotification(item) ? readNotification(item) : readResponse(item)));
}

function isNotification(value: unknown): value is { method: string; params?: unknown } {
  const { method } = Object(value) as { method?: unknown };
  return typeof method === 'string' && method.startsWith('$/') && !('id' in Object(value));
}

function readNotification({ method, params }: { method: string; params?: unknown }): Reply[] {
  const { id, values } = Object(params) as { id?: unknown; values?: unknown };
  if (method === PROGRESS_METHOD) {
    const progress = readProgress(Object(params));
    return progress === undefined ? [] : [{ id, progress }];
  }
  if (method === MORE_METHOD || method === STOP_METHOD) return readParamCredit(method, Object(params));
  if (method !== ITEMS_METHOD) return [];
  if (!Array.isArray(values)) throw replyInvalid('its values are not an array');
  return [{ id, values }];
}

function readParamCredit(method: string, params: Partial<StreamCredit> & { id?: unknown; stream?: unknown }): Reply[] {
  const { id, stream, items = 0, bytes = 0 } = params;
  if (typeof stream !== 'number' || !isCredit(items) || !isCredit(bytes)) return [];
  return [{ id, stream, credit: method === STOP_METHOD ? undefined : { items, bytes } }];
}

function readResponse(value: unknown): RpcResponse {
  if (typeof value !== 'object' || value === null) throw replyInvalid('it is not an object');
  const { id, error } = value as { id?: unknown; error?: unknown };
  if (error === undefined) {
    if (!('result' in value)) throw replyInvalid('it has neither a result nor an error');
    return { id, result: value.result };
  }
  const read = readError(error);
  if (read === undefined) throw replyInvalid('its error has no code or message');
  return { id, error: read };
}

/** The error object of a response; undefined for any other value. */
export function readError(error: unknown): LaunchpoolError | undefined {
  const { code, message, data } = (error ?? {}) as { code?: unknown; message?: unknown; data?: unknown };
  if (typeof code !== 'number' || typeof message !== 'string') return undefined;
  return fromPlain(plainOf(code, message, data));
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

export function replyInvalid(what: string, cause?: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_REPLY_INVALID', `the reply is not JSON-RPC 2.0: ${what}`, {
    cause,
    hint: 'Is this a raw agent? Call it with connectRaw(), or `launchpool call --raw`.',
  });
}
