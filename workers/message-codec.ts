/** Messages and values in JSON or MessagePack. The codec of MessagePack is loaded when the first one needs it. */
import { sniffEncoding } from '../wire/encoding.ts';
import { isPackedId } from '../wire/id-text.ts';
import { findJsonLoss } from '../wire/json-loss.ts';
import { decodeRequests, encodeJson, type RpcMessage, type RpcRequest } from '../wire/json-rpc.ts';
import { decodePackedRequests } from '../wire/messagepack/requests.ts';
import { type Codec, packValue, unpackValue } from '../wire/messagepack/values.ts';
import { type Encoded, joinEncoded } from '../wire/response.ts';
import { loadCodec } from './load-codec.ts';

/** The encoding of the values for a caller: with `either`, JSON for those that JSON does not change. */
export type ValueForm = 'json' | 'packed' | 'either';

let codec: Codec | undefined;

function loaded(): Codec {
  codec ??= loadCodec();
  return codec;
}

/** Reads a frame in any encoding; never throws. @param maxBatch the highest number of requests in a batch. */
export function decodeMessage(payload: Uint8Array, maxBatch: number): RpcMessage {
  if (sniffEncoding(payload) !== 'messagepack') return decodeRequests(payload, maxBatch);
  return decodePackedRequests(loaded(), ownCopy(payload), maxBatch);
}

/** The memory of a request has another use after it; the bytes in its params stay. */
function ownCopy(payload: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(payload.length);
  Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).copy(copy);
  return copy;
}

/** @param payload in memory of its own. @throws what says that it is neither JSON nor MessagePack. */
export function decodeValue(payload: Uint8Array): unknown {
  if (sniffEncoding(payload) === 'messagepack') return unpackValue(loaded(), payload, 'message');
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
}

export function formFor({ id, asks }: Pick<RpcRequest, 'id' | 'asks'>): ValueForm {
  if (id !== undefined && isPackedId(id)) return 'packed';
  return asks?.acceptsPacked ? 'either' : 'json';
}

/**
 * @param what the value is, for the error: "result".
 * @throws ERR_LAUNCHPOOL_RESULT_INVALID
 */
export function encodeValue(value: unknown, form: ValueForm, what: string): Encoded {
  if (form === 'json' || (form === 'either' && isJson(value))) return encodeJson(value, what);
  return packValue(loaded(), value, what, 'ERR_LAUNCHPOOL_RESULT_INVALID');
}

/** Whether JSON changes nothing in it. */
function isJson(value: unknown): boolean {
  try {
    return findJsonLoss(value, true) === undefined;
  } catch {
    // It is in a circle: the packer says where.
    return false;
  }
}

/** @param values of either encoding. @returns the array of them, in one encoding. */
export function joinValues(values: readonly Encoded[], form: ValueForm, what: string): Encoded {
  if (form !== 'packed' && values.every((value) => typeof value === 'string')) return joinEncoded(values, false);
  const packed = values.map((value) =>
    typeof value === 'string' ? encodeValue(JSON.parse(value), 'packed', what) : value,
  );
  return joinEncoded(packed, true);
}
