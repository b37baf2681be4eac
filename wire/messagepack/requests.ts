/** The agent's side of JSON-RPC 2.0 in MessagePack: bytes to requests. */
import type { LaunchpoolError } from '../errors.ts';
import { type IdText, PACKED_NULL_ID, packedId } from '../id-text.ts';
import { invalid, type RpcMessage, readRequest } from '../json-rpc.ts';
import { countChildren, isArray, isPackedText, scanPackedItems, scanPackedMembers } from './scan.ts';
import { type Codec, unpackValue } from './values.ts';

/**
 * As decodeRequests() for JSON. Never throws.
 * @param payload in memory of its own: the bytes in the params are parts of it.
 */
export function decodePackedRequests(codec: Codec, payload: Buffer, maxBatch: number): RpcMessage {
  const batch = isArray(payload[0] as number);
  try {
    if (batch && countChildren(payload, 0) > maxBatch) throw invalid(`a batch of more than ${maxBatch} requests`);
    const value = unpackValue(codec, payload, 'request');
    const ids = idsOf(payload, batch);
    const write = (_: unknown, index: number): IdText => ids[index] ?? PACKED_NULL_ID;
    const items = batch
      ? (value as unknown[]).map((item, index) => readRequest(item, index, write))
      : [readRequest(value, 0, write, payload)];
    return { batch, isPacked: true, items: items.map((item) => ('error' in item ? withPackedId(item) : item)) };
  } catch (error) {
    return { batch: false, isPacked: true, items: [{ id: PACKED_NULL_ID, error: error as LaunchpoolError }] };
  }
}

/** A request that is no object, or has no legal id, is answered with the id null. */
function withPackedId<Fault extends { id: IdText }>(fault: Fault): Fault {
  return fault.id === 'null' ? { ...fault, id: PACKED_NULL_ID } : fault;
}

/** The id of each request, as it was written. */
function idsOf(payload: Buffer, batch: boolean): (IdText | undefined)[] {
  const ids: (IdText | undefined)[] = [];
  const scan = (start: number): number => {
    let id: IdText | undefined;
    const end = scanPackedMembers(payload, start, (keyStart, keyEnd, from, to) => {
      // The last of several equal keys counts, as in the value.
      if (isPackedText(payload, keyStart, keyEnd, 'id')) id = packedId(payload, from, to);
    });
    ids.push(id);
    return end;
  };
  if (batch) scanPackedItems(payload, 0, scan);
  else scan(0);
  return ids;
}
