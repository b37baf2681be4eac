/** The agent's side of JSON-RPC 2.0 (https://www.jsonrpc.org/specification): bytes to requests, responses to text. */
import { type Encoding, skipWhiteSpace, sniffEncoding } from './encoding.ts';
import { ERROR_CODES, type ErrorCode, factsOf, LaunchpoolError, type PlainError, toPlain } from './errors.ts';
import { type IdText, type IdWriter, idWriter, NULL_ID } from './id-text.ts';
import { findJsonLoss } from './json-loss.ts';
import { hasMoreItems, isArray as isJsonArray } from './json-scan.ts';
import { toJsonValue } from './json-value.ts';
import { ERROR_LIMITS } from './plain-error.ts';
import { type RequestAsks, readAsks } from './request-asks.ts';

// The module on the same thread may change the global JSON object.
const { parse: parseJson, stringify: toJson } = JSON;

/** A request that can run. Without an id it is a notification, which gets no reply. */
export type RpcRequest = {
  id: IdText | undefined;
  method: string;
  params: unknown[];
  /** Set if the params are one object, which is the only argument. */
  isByName?: true;
  /** Absent if the caller asks for a reply and nothing more, as most do. */
  asks?: RequestAsks;
};
/** A request that can only be answered with an error. */
export type RpcFault = { id: IdText; error: LaunchpoolError };
export type RpcItem = RpcRequest | RpcFault;
/** The contents of a frame: one request, or a batch, whose reply is one array. */
export type RpcMessage = {
  batch: boolean;
  items: RpcItem[];
  /** Whether the reply to the batch is in MessagePack. */
  isPacked?: boolean;
};

/** The default of the highest number of requests in a batch. */
export const DEFAULT_MAX_BATCH = 10_000;

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a frame. A fault in it becomes an item to answer with; never throws.
 * @param maxBatch the highest number of requests in a batch; a larger batch is not parsed.
 */
export function decodeRequests(payload: Uint8Array, maxBatch: number = Number.POSITIVE_INFINITY): RpcMessage {
  try {
    const encoding = sniffEncoding(payload);
    if (encoding !== 'json') throw notJson(payload, encoding);
    if (isOverlong(payload, maxBatch)) throw invalid(`a batch of more than ${maxBatch} requests`);
    const source = decodeText(payload);
    const value = parse(source);
    const write = idWriter(source, payload);
    if (!Array.isArray(value)) return { batch: false, items: [readRequest(value, 0, write, source)] };
    if (value.length === 0) throw invalid('an empty batch');
    return { batch: true, items: value.map((item, index) => readRequest(item, index, write)) };
  } catch (error) {
    return { batch: false, items: [{ id: NULL_ID, error: error as LaunchpoolError }] };
  }
}

/** Whether a frame is a batch of more requests than `max`. The parsed batch would take a hundred times its memory. */
function isOverlong(payload: Uint8Array, max: number): boolean {
  // An item and its comma take two bytes.
  if (payload.length < 2 * max) return false;
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const start = skipWhiteSpace(bytes, 0);
  return isJsonArray(bytes, start) && hasMoreItems(bytes, start, max);
}

/**
 * @param value what was decoded.
 * @param write returns the id as it was written.
 * @param source a single request as it was sent. A request of a batch has no streams, and no timeout.
 */
export function readRequest(value: unknown, index: number, write: IdWriter, source?: string | Buffer): RpcItem {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { id: NULL_ID, error: invalid('a request must be an object') };
  }
  const { jsonrpc, id, method, params } = value as Record<string, unknown>;
  const known = isId(id);
  const idText = known ? write(id, index) : NULL_ID;
  if (!known && id !== undefined) return { id: NULL_ID, error: invalid('id must be a string, a number or null') };
  if (jsonrpc !== '2.0') return { id: idText, error: invalid('"jsonrpc" must be "2.0"') };
  if (typeof method !== 'string') return { id: idText, error: invalid('"method" must be a string') };
  if (params !== undefined && (typeof params !== 'object' || params === null)) {
    const error = new LaunchpoolError('ERR_LAUNCHPOOL_PARAMS_INVALID', '"params" must be an array or an object');
    return { id: idText, error };
  }
  const positional = params === undefined ? [] : Array.isArray(params) ? params : [params];
  const request: RpcRequest = { id: id === undefined ? undefined : idText, method, params: positional };
  if (params !== undefined && !Array.isArray(params)) request.isByName = true;
  try {
    const asks = readAsks(value as Record<string, unknown>, source);
    if (asks !== undefined) request.asks = asks;
    return request;
  } catch (error) {
    return { id: idText, error: error as LaunchpoolError };
  }
}

/** A large integer of MessagePack is a bigint. */
function isId(id: unknown): id is string | number | null {
  return typeof id === 'string' || typeof id === 'number' || typeof id === 'bigint' || id === null;
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
    return parseJson(source);
  } catch (cause) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_PARSE', `the request is not JSON: ${(cause as Error).message}`);
  }
}

export function invalid(what: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_REQUEST_INVALID', `not a JSON-RPC 2.0 request: ${what}`);
}

const REFUSALS: Readonly<Record<Exclude<Encoding, 'json' | 'unknown'>, [ErrorCode, string, string]>> = {
  pickle: [
    'ERR_LAUNCHPOOL_PICKLE',
    'the request is a Python pickle, which this agent never reads',
    "Send JSON with send_bytes(): Python's send() pickles.",
  ],
  messagepack: ['ERR_LAUNCHPOOL_ENCODING', 'the request looks like MessagePack, which is not read here', 'Send JSON.'],
};

function notJson(payload: Uint8Array, encoding: Exclude<Encoding, 'json'>): LaunchpoolError {
  if (encoding === 'unknown') {
    const start =
      payload.length === 0
        ? 'is empty'
        : `begins with byte 0x${payload[skipWhiteSpace(payload, 0)]?.toString(16).padStart(2, '0') ?? '20'}`;
    return new LaunchpoolError('ERR_LAUNCHPOOL_PARSE', `the request ${start}, not with { or [`, {
      hint: 'An RPC agent reads one JSON-RPC 2.0 request, or a batch of them, in each frame.',
    });
  }
  const [code, message, hint] = REFUSALS[encoding];
  return new LaunchpoolError(code, message, { hint });
}

/** A response as JSON text. @throws ERR_LAUNCHPOOL_RESULT_INVALID when the result has no form in JSON */
export function encodeResult(id: IdText, result: unknown): string {
  return resultResponse(id, encodeJson(result, 'result'));
}

/** @param json the result as JSON text. */
export function resultResponse(id: IdText, json: string): string {
  return `{"jsonrpc":"2.0","id":${id},"result":${json}}`;
}

/**
 * A value of a stream as JSON text.
 * @param value `undefined` is sent as null.
 * @throws ERR_LAUNCHPOOL_RESULT_INVALID when the value has no form in JSON.
 */
export function encodeItem(value: unknown): string {
  return encodeJson(value, 'value of the stream');
}

/**
 * A value as JSON text.
 * @param what the value is, for the error.
 * @throws ERR_LAUNCHPOOL_RESULT_INVALID when the value has no form in JSON.
 */
export function encodeJson(value: unknown, what: string): string {
  let json: string | undefined;
  try {
    json = value === undefined ? 'null' : toJson(value);
  } catch (cause) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_RESULT_INVALID', `the ${what} is not JSON: ${toPlain(cause).message}`);
  }
  const loss = findJsonLoss(value);
  if (json !== undefined && loss === undefined) return json;
  const message = `the ${what} has ${loss ?? `a ${typeof value}`}, which has no form in JSON`;
  throw new LaunchpoolError('ERR_LAUNCHPOOL_RESULT_INVALID', message);
}

/** An error response as JSON text; never throws. */
export function encodeError(id: IdText, error: PlainError): string {
  return errorResponse(id, errorText(error));
}

/** The error response to one of several requests that get the same error. @param error as {@link errorText} wrote it. */
export function errorResponse(id: IdText, error: string): string {
  return `{"jsonrpc":"2.0","id":${id},"error":${error}}`;
}

/** The error object of a response. What JSON does not have becomes text in brackets, as in toPlain(). */
export function errorText(error: PlainError): string {
  const { message, code, data, ...rest } = error;
  const facts = factsOf(code);
  const own = Number.isInteger(code) ? code : (facts?.rpc ?? ERROR_CODES.ERR_LAUNCHPOOL_HANDLER.rpc);
  const fields = { code: own, message, data: { ...rest, code, retryable: facts?.retryable, data } };
  return (
    stringify(fields) ??
    // An error that did not come from toPlain() may have anything as its data, and its text may be too long.
    stringify(toJsonValue(fields, { characters: ERROR_LIMITS.characters })) ??
    `{"code":${own},"message":"the error cannot be sent"}`
  );
}

function stringify(value: unknown): string | undefined {
  try {
    return toJson(value);
  } catch {
    return undefined;
  }
}
