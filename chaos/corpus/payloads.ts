/** Checks the functions that read payloads: they never throw, and two functions that read the same thing agree. */
import { readControl } from '../../wire/control-frames.ts';
import { sniffEncoding } from '../../wire/encoding.ts';
import { LaunchpoolError, toPlain } from '../../wire/errors.ts';
import { scanIds } from '../../wire/id-scan.ts';
import { idValue, isPackedId } from '../../wire/id-text.ts';
import { decodeRequests, errorText, type RpcItem, type RpcMessage } from '../../wire/json-rpc.ts';
import { decodeReplies, readReplies } from '../../wire/json-rpc-call.ts';
import * as codec from '../../wire/messagepack/codec.ts';
import { decodePackedRequests } from '../../wire/messagepack/requests.ts';
import { unpackValue } from '../../wire/messagepack/values.ts';
import { encodeErrorResponse } from '../../wire/response.ts';

const MAX_BATCH = 10_000;

/** @returns a fault, or undefined. @throws an error of a parser that is not a LaunchpoolError. */
export function checkPayload(payload: Buffer): string | undefined {
  const encoding = sniffEncoding(payload);
  const { batch, items } = decode(payload);
  const scanned = scanIds(payload);
  const control = readControl(payload);
  checkResponses(payload);
  for (const item of items) {
    if (!('error' in item)) continue;
    if (!(item.error instanceof LaunchpoolError)) return `the error is not a LaunchpoolError: ${item.error}`;
    // The agent's error reply must be a message.
    const reply = encodeErrorResponse(item.id, errorText(toPlain(item.error)));
    if (typeof reply === 'string') JSON.parse(reply);
    else codec.unpack(reply.toBytes());
    if (isPackedId(item.id) !== (encoding === 'messagepack'))
      return `the error is in another encoding than ${encoding}`;
  }
  for (const id of scanned.ids) idValue(id);
  if (control !== undefined && encoding !== 'json' && encoding !== 'messagepack')
    return `found a ${control.kind} in a payload of encoding ${encoding}`;
  if (items.some((item) => 'error' in item)) return undefined;
  // The payload is JSON-RPC: so the scan without parsing must agree with the parser.
  if (scanned.batch !== batch) return `scanIds says batch: ${scanned.batch}, decodeRequests: ${batch}`;
  const decoded = items.flatMap(idOf);
  const same =
    decoded.length === scanned.ids.length && decoded.every((id, at) => sameId(id, scanned.ids[at] as string));
  return same ? undefined : `scanIds finds ${brief(scanned.ids)}, decodeRequests ${brief(decoded)}`;
}

function decode(payload: Buffer): RpcMessage {
  if (sniffEncoding(payload) !== 'messagepack') return decodeRequests(payload);
  const message = decodePackedRequests(codec, Buffer.from(payload), MAX_BATCH);
  // What was read can be written.
  for (const item of message.items) if (!('error' in item)) codec.pack(item.params);
  return message;
}

function checkResponses(payload: Buffer): void {
  try {
    if (sniffEncoding(payload) === 'messagepack') readReplies(unpackValue(codec, payload, 'reply'));
    else decodeReplies(payload);
  } catch (error) {
    if (!(error instanceof LaunchpoolError)) throw error;
  }
}

function idOf(item: RpcItem): string[] {
  return item.id === undefined ? [] : [item.id];
}

function sameId(one: string, other: string): boolean {
  return one === other || Object.is(idValue(one), idValue(other));
}

function brief(ids: readonly string[]): string {
  return JSON.stringify(ids).slice(0, 200);
}
