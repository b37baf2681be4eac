/** What an agent sends: responses and notifications, in the encoding of their request. */
import { encodeTextFrame, headerBytes, writeHeader } from './frame.ts';
import { type IdText, idBytes, isPackedId } from './id-text.ts';
import { errorResponse, resultResponse } from './json-rpc.ts';
import { arrayHeader, Packed, RawValue, writePacked } from './messagepack/write.ts';
import { ITEMS_METHOD } from './stream.ts';

/** A whole message, or a value that is part of one, as JSON text or in MessagePack. */
export type Encoded = string | Packed;

/** @param result as JSON text for an id in JSON. */
export function encodeResponse(id: IdText, result: Encoded): Encoded {
  return typeof result === 'string'
    ? resultResponse(id, result)
    : writePacked({ jsonrpc: '2.0', id: rawId(id), result: new RawValue(result.parts) });
}

/** @param error as errorText() wrote it. */
export function encodeErrorResponse(id: IdText, error: string): Encoded {
  if (!isPackedId(id)) return errorResponse(id, error);
  return writePacked({ jsonrpc: '2.0', id: rawId(id), error: JSON.parse(error) });
}

/** A notification about the request with this id. @param params beside the id. */
export function encodeNotification(id: IdText, method: string, params: Record<string, unknown>): Encoded {
  if (isPackedId(id)) return writePacked({ jsonrpc: '2.0', method, params: { id: rawId(id), ...params } });
  return `{"jsonrpc":"2.0","method":"${method}","params":{"id":${id},${JSON.stringify(params).slice(1)}}`;
}

/**
 * A notification with values of a stream.
 * @param values one or more of one encoding, or none.
 * @param stream the number of the parameter that they belong to.
 */
export function encodeItems(id: IdText, values: readonly Encoded[], stream?: number): Encoded {
  const [first] = values;
  if (typeof first === 'string' || (first === undefined && !isPackedId(id)))
    return itemsText(stream === undefined ? id : `${id},"stream":${stream}`, values.join(','));
  return writePacked({
    jsonrpc: '2.0',
    method: ITEMS_METHOD,
    params: { id: rawId(id), stream, values: arrayOf(values as readonly Packed[]) },
  });
}

function itemsText(id: string, values: string): string {
  return `{"jsonrpc":"2.0","method":"${ITEMS_METHOD}","params":{"id":${id},"values":[${values}]}}`;
}

/** An array of values, or of the responses to a batch. */
export function joinEncoded(values: readonly Encoded[], isPacked: boolean): Encoded {
  return isPacked ? writePacked(arrayOf(values as readonly Packed[])) : `[${values.join(',')}]`;
}

function arrayOf(values: readonly Packed[]): RawValue {
  return new RawValue([arrayHeader(values.length), ...values.flatMap(({ parts }) => parts)]);
}

function rawId(id: IdText): RawValue {
  return new RawValue([idBytes(id)]);
}

/** In memory of its own, which no code of a module changes. */
export function owned(message: Encoded): Encoded {
  return typeof message === 'string' || !message.isBorrowed ? message : new Packed([message.toBytes()]);
}

/** Whether it is longer than that in bytes. */
export function isLonger(message: Encoded, maxBytes: number): boolean {
  if (typeof message !== 'string') return message.length > maxBytes;
  // UTF-8 takes at most three bytes for each code unit of a string, and at least one.
  if (message.length * 3 <= maxBytes) return false;
  return message.length > maxBytes || Buffer.byteLength(message) > maxBytes;
}

/** A whole frame, in memory of its own, which may be transferred to another thread. */
export function encodeMessage(message: Encoded): Buffer {
  if (typeof message === 'string') return encodeTextFrame(message);
  const frame = Buffer.allocUnsafeSlow(headerBytes(message.length) + message.length);
  message.copyTo(frame, writeHeader(frame, message.length));
  return frame;
}
