/**
 * Streams in JSON-RPC 2.0. A request asks for one with `stream` beside its params; notifications `$/items` carry its values,
 * as many to a frame as are there; the response to the request ends it. `$/more` gives further credit. See docs/protocol.md.
 */
import { LaunchpoolError } from './errors.ts';

export const ITEMS_METHOD = '$/items';
export const MORE_METHOD = '$/more';

/** Credit of the caller: values that the agent may send, and bytes of the payloads that carry them. */
export type StreamCredit = { items: number; bytes: number };

const UNLIMITED: StreamCredit = { items: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };

/**
 * The credit that `stream` of a request gives; undefined if the request asks for no stream.
 * @throws ERR_LAUNCHPOOL_REQUEST_INVALID
 */
export function readStream(value: unknown): StreamCredit | undefined {
  if (value === undefined || value === false) return undefined;
  if (value === true) return UNLIMITED;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const { items, bytes } = value as Partial<StreamCredit>;
    const isValid = (credit: unknown): boolean => credit === undefined || isCredit(credit);
    if (isValid(items) && isValid(bytes)) return { items: items ?? UNLIMITED.items, bytes: bytes ?? UNLIMITED.bytes };
  }
  throw new LaunchpoolError(
    'ERR_LAUNCHPOOL_REQUEST_INVALID',
    '"stream" must be true, or an object with whole numbers "items" and "bytes"',
  );
}

/** Whether a value is credit that a caller may give. */
export function isCredit(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** The notification that gives further credit to the request with this id. */
export function moreText(id: number, { items, bytes }: StreamCredit): string {
  return JSON.stringify({ jsonrpc: '2.0', method: MORE_METHOD, params: { id, items, bytes } });
}

/** The member by which a parameter is a stream: `{"$stream":1}` stands in its place. */
const STREAM_PARAM = '$stream';
export const STOP_METHOD = '$/stop';

/** What stands in the place of a parameter that is a stream. */
export function streamParam(stream: number): object {
  return { [STREAM_PARAM]: stream };
}

/** The number of the stream that a parameter is; undefined for any other parameter. */
export function streamParamOf(param: unknown): number | undefined {
  // The keys of bytes would be all their indexes.
  if (typeof param !== 'object' || param === null || !Object.hasOwn(param, STREAM_PARAM)) return undefined;
  if (Object.keys(param).length !== 1) return undefined;
  const { [STREAM_PARAM]: stream } = param as { [STREAM_PARAM]?: unknown };
  return Number.isSafeInteger(stream) ? (stream as number) : undefined;
}

/** Whether a request may have such a parameter. @param source the request as it was sent. */
export function mayHaveStreamParam(source: string | Buffer): boolean {
  return source.includes(STREAM_PARAM);
}

/** Caller: the parameter has no further value. @param error why, if its source has failed: an error object as JSON text. */
export function paramEndText(id: number, stream: number, error?: string): string {
  const params = `{"id":${id},"stream":${stream},"end":true${error === undefined ? '' : `,"error":${error}`}}`;
  return `{"jsonrpc":"2.0","method":"${ITEMS_METHOD}","params":${params}}`;
}
