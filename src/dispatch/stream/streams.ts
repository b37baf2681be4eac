/** The streams of open requests: their values on the way to the client, and its credit on the way to the thread. */
import type { IdText } from '../../../wire/id-text.ts';
import type { StreamCredit } from '../../../wire/stream.ts';
import { giveCredit, noteTaken, stopFlow } from '../../../workers/stream/flow.ts';
import type { LateReply } from '../../../workers/task.ts';
import type { Pool } from '../../pool/contract.ts';
import { contain } from '../connection/containment.ts';
import { followIds } from '../connection/follow-ids.ts';
import type { OpenRequest } from '../connection/open-request.ts';
import { RequestGroup } from '../connection/request-group.ts';
import type { RequestQueue } from '../connection/request-queue-options.ts';

/**
 * Sends a part of a stream, or another notification of an open request.
 * @param request undefined, or settled early, if nothing reads the stream any more: the part is dropped.
 */
export function sendPart(request: OpenRequest | undefined, { reply, stream }: LateReply): void {
  if (request === undefined || request.replyQueue.abandoned || request.group.cancelled?.has(request.position)) {
    if (typeof stream === 'object') stopFlow(stream);
    return;
  }
  const { replyQueue, group, position } = request;
  if (stream === 'notice') {
    if (reply !== undefined) contain(replyQueue, () => replyQueue.sink.sendPart(reply, () => undefined));
    return;
  }
  if (typeof stream === 'object') {
    group.flows ??= new Map();
    group.flows.set(position, stream);
    replyQueue.streams += 1;
    const early = group.ids?.[position]?.credit;
    if (early !== undefined) giveCredit(stream, early);
    // Another request may start in its place: streams do not count in the window of their connection.
    contain(replyQueue, () => replyQueue.sink.settled());
  }
  const flow = group.flows?.get(position);
  if (reply === undefined || flow === undefined) return;
  contain(replyQueue, () => replyQueue.sink.sendPart(reply, () => noteTaken(flow, reply.length)));
}

/**
 * Hands values of a parameter to the thread of the open request with this id. Without such a request, they have no reader.
 * @returns false if the request has not started: its thread has given no credit.
 */
export function passItems(
  pool: Pick<Pool, 'passItems'>,
  requestQueue: RequestQueue,
  id: IdText,
  payload: Uint8Array,
): boolean {
  const entry = followIds(requestQueue).find(id);
  if (entry === undefined) return true;
  const request = entry.holder instanceof RequestGroup ? entry.holder.requestAt(entry.position) : undefined;
  const place = request?.place();
  if (place === undefined) return false;
  const { thread, ticket, index } = place;
  pool.passItems(thread, { launchpool: 'items', ticket, index, payload: Uint8Array.from(payload) });
  return true;
}

/** Gives credit to the stream of the open request with this id. Without such a request, nothing happens. */
export function giveMore(requestQueue: RequestQueue, id: IdText, credit: StreamCredit): void {
  const entry = followIds(requestQueue).find(id);
  if (entry === undefined) return;
  const { holder, position } = entry;
  const flow = holder instanceof RequestGroup ? holder.flows?.get(position) : undefined;
  if (flow !== undefined) giveCredit(flow, credit);
  else {
    const { items = 0, bytes = 0 } = entry.credit ?? {};
    entry.credit = { items: items + credit.items, bytes: bytes + credit.bytes };
  }
}
