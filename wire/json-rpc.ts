/** JSON-RPC 2.0 (https://www.jsonrpc.org/specification): requests and responses between bytes and values. */
import { type Encoding, sniffEncoding } from './encoding.ts';
import {
  ERROR_CODES,
  type ErrorCode,
  factsOf,
  fromPlain,
  LaunchpoolError,
  type PlainError,
  toPlain,
} from './errors.ts';

/** An id as the JSON text that is to be echoed: 1e400 or 2^63 would not survive as numbers. */
export type IdText = string;

/** A request that can be run. Without an id it is a notification, which is never answered. */
export type RpcRequest = { id: IdText | undefined; method: string; params: unknown[] };
/** A request that can only be answered with an error. */
export type RpcFault = { id: IdText; error: LaunchpoolError };
export type RpcItem = RpcRequest | RpcFault;
/** What a frame holds: one request, or a batch that is answered with one array. */
export type RpcMessage = { batch: boolean; items: RpcItem[] };

export const NULL_ID: IdText = 'null';

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Reads a frame. What is wrong with it comes back as a fault to answer with; this never throws. */
export function decodeRequests(payload: Uint8Array): RpcMessage {
  try {
    const encoding = sniffEncoding(payload);
    if (encoding !== 'json') throw notJson(payload, encoding);
    const source = decodeText(payload);
    const value = parse(source);
    if (!Array.isArray(value)) return { batch: false, items: [readRequest(value, source)] };
    if (value.length === 0) throw invalid('an empty batch');
    return { batch: true, items: value.map((item, index) => readRequest(item, source, index)) };
  } catch (error) {
    return { batch: false, items: [{ id: NULL_ID, error: error as LaunchpoolError }] };
  }
}

function readRequest(value: unknown, source: string, index?: number): RpcItem {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { id: NULL_ID, error: invalid('a request must be an object') };
  }
  const { jsonrpc, id, method, params } = value as Record<string, unknown>;
  const known = isId(id);
  const idText = known ? textOfId(id, source, index) : NULL_ID;
  if (!known && id !== undefined) return { id: NULL_ID, error: invalid('id must be a string, a number or null') };
  if (jsonrpc !== '2.0') return { id: idText, error: invalid('"jsonrpc" must be "2.0"') };
  if (typeof method !== 'string') return { id: idText, error: invalid('"method" must be a string') };
  if (params !== undefined && (typeof params !== 'object' || params === null)) {
    const error = new LaunchpoolError('ERR_LAUNCHPOOL_PARAMS_INVALID', '"params" must be an array or an object');
    return { id: idText, error };
  }
  const positional = params === undefined ? [] : Array.isArray(params) ? params : [params];
  return { id: id === undefined ? undefined : idText, method, params: positional };
}

function isId(id: unknown): id is string | number | null {
  return typeof id === 'string' || typeof id === 'number' || id === null;
}

/** Numbers that a double does not hold exactly are looked up in the source, which costs a second parse. */
function textOfId(id: string | number | null, source: string, index: number | undefined): IdText {
  if (typeof id !== 'number' || Number.isSafeInteger(id)) return JSON.stringify(id);
  const idTexts = new WeakMap<object, IdText>();
  // The third argument is in V8 since Node 21 (https://github.com/tc39/proposal-json-parse-with-source).
  function note(this: object, key: string, value: unknown, context?: { source?: string }): unknown {
    if (key === 'id' && context?.source !== undefined) idTexts.set(this, context.source);
    return value;
  }
  try {
    const root = JSON.parse(source, note as Parameters<typeof JSON.parse>[1]);
    return idTexts.get(index === undefined ? root : root[index]) ?? JSON.stringify(id);
  } catch {
    // The reviver recurses, so a frame nested deeply enough gets here; such an id comes back rounded.
    return JSON.stringify(id);
  }
}

function decodeText(payload: Uint8Array): string {
  try {
    return text.decode(payload);
  } catch (cause) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_PARSE', 'the request is not UTF-8', { cause });
  }
}

function parse(source: string): unknown {
  try {
    return JSON.parse(source);
  } catch (cause) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_PARSE', `the request is not JSON: ${(cause as Error).message}`);
  }
}

function invalid(what: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_REQUEST_INVALID', `not a JSON-RPC 2.0 request: ${what}`);
}

const REFUSALS: Readonly<Record<Exclude<Encoding, 'json' | 'unknown'>, [ErrorCode, string, string]>> = {
  pickle: [
    'ERR_LAUNCHPOOL_PICKLE',
    'the request is a Python pickle, which is never read here',
    "Send JSON with send_bytes(); Python's send() pickles.",
  ],
  messagepack: [
    'ERR_LAUNCHPOOL_ENCODING',
    'the request looks like MessagePack, which this version does not read',
    'Send JSON.',
  ],
};

function notJson(payload: Uint8Array, encoding: Exclude<Encoding, 'json'>): LaunchpoolError {
  if (encoding === 'unknown') {
    const start = payload.length === 0 ? 'is empty' : `begins with byte 0x${payload[0]?.toString(16).padStart(2, '0')}`;
    return new LaunchpoolError('ERR_LAUNCHPOOL_PARSE', `the request ${start}, not with { or [`, {
      hint: 'An RPC agent reads one JSON-RPC 2.0 request, or a batch of them, in each frame.',
    });
  }
  const [code, message, hint] = REFUSALS[encoding];
  return new LaunchpoolError(code, message, { hint });
}

/**
 * A response as JSON text.
 * @param result `undefined` is sent as null, which is what JSON has for it.
 * @throws ERR_LAUNCHPOOL_RESULT_INVALID when JSON has no form for the result.
 */
export function encodeResult(id: IdText, result: unknown): string {
  let json: string | undefined;
  try {
    json = result === undefined ? 'null' : JSON.stringify(result);
  } catch (cause) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_RESULT_INVALID', `the result is not JSON: ${toPlain(cause).message}`);
  }
  if (json === undefined) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_RESULT_INVALID', `the result is a ${typeof result}, which JSON has not`);
  }
  return `{"jsonrpc":"2.0","id":${id},"result":${json}}`;
}

/** An error response as JSON text. What of `data` JSON has no form for is left out; this never throws. */
export function encodeError(id: IdText, error: PlainError): string {
  const { message, code, ...rest } = error;
  const own = Number.isInteger(code)
    ? (code as number)
    : (factsOf(code)?.rpc ?? ERROR_CODES.ERR_LAUNCHPOOL_HANDLER.rpc);
  const facts = factsOf(code);
  const data = { ...rest, code, retryable: facts?.retryable };
  return `{"jsonrpc":"2.0","id":${id},"error":${stringify({ code: own, message, data }, { code: own, message })}}`;
}

function stringify(value: unknown, otherwise: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    // `data` is the handler's own and may hold anything.
    return JSON.stringify(otherwise);
  }
}

/**
 * A request as JSON text; without an id, a notification.
 * @throws ERR_LAUNCHPOOL_PARAMS_INVALID when JSON has no form for the params.
 */
export function encodeRequest(id: number | undefined, method: string, params: readonly unknown[]): string {
  try {
    return JSON.stringify({ jsonrpc: '2.0', id, method, params: params.length === 0 ? undefined : params });
  } catch (cause) {
    const { message } = toPlain(cause);
    throw new LaunchpoolError('ERR_LAUNCHPOOL_PARAMS_INVALID', `the params are not JSON: ${message}`, { cause });
  }
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
  if (typeof value !== 'object' || value === null) throw replyInvalid('it is no object');
  const { id, error } = value as { id?: unknown; error?: unknown };
  if (error === undefined) {
    if (!('result' in value)) throw replyInvalid('it has neither a result nor an error');
    return { id, result: value.result };
  }
  const { code, message, data } = (error ?? {}) as { code?: unknown; message?: unknown; data?: unknown };
  if (typeof code !== 'number' || typeof message !== 'string') throw replyInvalid('its error has no code or message');
  return { id, error: fromPlain(plainOf(code, message, data)) };
}

/** The error that {@link encodeError} has written; of another server's, the code and the data as they stand. */
function plainOf(rpcCode: number, message: string, data: unknown): PlainError {
  if (typeof data !== 'object' || data === null || typeof (data as PlainError).name !== 'string') {
    return { name: 'Error', message, code: rpcCode, data };
  }
  const { name, code, hint, data: own, stack } = data as PlainError;
  return {
    name,
    message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof hint === 'string' ? { hint } : {}),
    ...(typeof stack === 'string' ? { stack } : {}),
    data: own,
  };
}

function replyInvalid(what: string, cause?: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_REPLY_INVALID', `the reply is not JSON-RPC 2.0: ${what}`, {
    cause,
    hint: 'Is this a raw agent? Call it with connectRaw(), or `launchpool call --raw`.',
  });
}
