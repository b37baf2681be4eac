/**
 * The ids of one connection's open requests, so that a cancellation finds its request without a search. Made at the first
 * cancellation of a connection, from the requests that are open then: the payloads of other connections are not scanned.
 */
import { FrameWalk } from '../../../wire/frame-walk.ts';
import { type IdLimits, scanIdsWithin } from '../../../wire/id-scan.ts';
import { type IdText, keyOfId } from '../../../wire/id-text.ts';
import type { StreamCredit } from '../../../wire/stream.ts';

/** A longer id cannot be cancelled, in bytes: ids would take as much memory as their requests. */
export const MAX_CANCELLABLE_ID_BYTES = 4096;
const ONE_ID: IdLimits = { maxItems: 1, maxBytes: MAX_CANCELLABLE_ID_BYTES };

/** Requests of one connection that are together: a group that has started, or queued frames. */
export type IdHolder = { ids: (IdEntry | undefined)[] | undefined };

/** One open request by its id. Requests with the same id are a list, in their order. */
export class IdEntry {
  readonly id: IdText;
  /** See keyOfId(). */
  readonly key: string;
  /** The group of a request that has started, or the queued frames that it is one of. */
  holder: IdHolder;
  /** Its position there. */
  position: number;
  /** Credit for its stream that has arrived before the thread has opened it. */
  credit: StreamCredit | undefined = undefined;
  previous: IdEntry | undefined = undefined;
  next: IdEntry | undefined = undefined;

  constructor(id: IdText, holder: IdHolder, position: number) {
    this.id = id;
    this.key = keyOfId(id);
    this.holder = holder;
    this.position = position;
  }
}

type List = { first: IdEntry; last: IdEntry };

/** Each operation takes constant time, except for the scan of a payload. */
export class OpenIds {
  readonly #lists = new Map<string, List>();

  /** Adds the request with this payload; undefined for one that cannot be cancelled: a notification, or a JSON-RPC batch. */
  add(payload: Buffer, holder: IdHolder, position: number): IdEntry | undefined {
    const { batch, ids } = scanIdsWithin(payload, ONE_ID);
    const [id] = ids;
    if (batch || id === undefined) return undefined;
    const entry = new IdEntry(id, holder, position);
    const list = this.#lists.get(entry.key);
    if (list === undefined) this.#lists.set(entry.key, { first: entry, last: entry });
    else {
      entry.previous = list.last;
      list.last.next = entry;
      list.last = entry;
    }
    return entry;
  }

  /** Adds the requests of a run of whole frames; returns their entries by position. */
  addFrames(run: Buffer, holder: IdHolder): (IdEntry | undefined)[] {
    const entries: (IdEntry | undefined)[] = [];
    for (const frames = new FrameWalk(run); frames.next(); )
      entries.push(this.add(frames.payload, holder, entries.length));
    return entries;
  }

  /** The first open request with this id. */
  find(id: IdText): IdEntry | undefined {
    return this.#lists.get(keyOfId(id))?.first;
  }

  /** Removes those of the entries from one position on that are there. */
  removeAt(entries: (IdEntry | undefined)[], first: number, count: number): void {
    for (let position = first; position < first + count; position += 1) {
      const entry = entries[position];
      if (entry !== undefined) this.remove(entry);
      entries[position] = undefined;
    }
  }

  /** Removes a request that has an outcome. */
  remove(entry: IdEntry): void {
    const { key, previous, next } = entry;
    const list = this.#lists.get(key);
    if (list === undefined) return;
    if (previous === undefined && next === undefined) this.#lists.delete(key);
    if (previous === undefined) {
      if (next !== undefined) list.first = next;
    } else previous.next = next;
    if (next === undefined) {
      if (previous !== undefined) list.last = previous;
    } else next.previous = previous;
    entry.previous = undefined;
    entry.next = undefined;
  }
}

/** The requests with these ids have started, as the requests of a group. */
export function moveIds(ids: (IdEntry | undefined)[], group: IdHolder): void {
  group.ids = ids;
  for (const [position, entry] of ids.entries()) {
    if (entry === undefined) continue;
    entry.holder = group;
    entry.position = position;
  }
}
