/** Follows the ids of one connection's open requests, from its first cancellation on. */
import { type IdEntry, OpenIds } from './open-ids.ts';
import type { RequestQueue } from './request-queue-options.ts';

/** The ids of all open requests of a connection. The first call reads their payloads; each payload is read once. */
export function followIds(requestQueue: RequestQueue): OpenIds {
  const { replyQueue } = requestQueue;
  if (replyQueue.ids !== undefined) return replyQueue.ids;
  const ids = new OpenIds();
  replyQueue.ids = ids;
  for (const group of replyQueue.groups) {
    const entries = new Array<IdEntry | undefined>(group.count).fill(undefined);
    group.ids = entries;
    group.visit(({ position, payload }) => {
      if (group.cancelled?.has(position) !== true) entries[position] = ids.add(payload, group, position);
    });
  }
  for (const queued of requestQueue.queued) queued.setIds(ids.addFrames(queued.run, queued));
  return ids;
}
