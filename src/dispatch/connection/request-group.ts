/** Requests of one connection that started together: consecutive positions in the order of its replies. */
import type { PlainError } from '../../../wire/errors.ts';
import { type Flow, stopFlow } from '../../../workers/stream/flow.ts';
import type { IdEntry } from './open-ids.ts';
import type { Limited, Observed, OpenRequest, Times } from './open-request.ts';

/** An outcome that waits for its turn. */
export type HeldReplies = {
  count: number;
  /** Their ordinary memory. Shared memory is counted where it belongs. */
  bytes: number;
  frames?: Uint8Array | undefined;
  failure?: PlainError | undefined;
  release?: () => void;
};

/** Where consecutive requests of a group are. */
export type Place = {
  /** The position of the first one in the group. */
  readonly first: number;
  /** The request at a position; undefined if it has an outcome. */
  requestAt(position: number): OpenRequest | undefined;
  /** Visits the requests that have no outcome, in order. The visitor must not settle any. */
  visit(visitor: (request: OpenRequest) => void): void;
};

export class RequestGroup implements Times {
  readonly count: number;
  readonly bytes: number;
  /** How many of the bytes admission counts as those of requests. */
  readonly admittedBytes: number;
  readonly arrivedAt: number;
  readonly dueAt: number;
  readonly observed: Observed | undefined;
  /** Whether they were refused without a start: their latency is not recorded. */
  readonly isRefused: boolean;
  /** How many of its positions are handed on. */
  handed = 0;
  /** Outcomes that wait for their turn, by their first position. */
  heldReplies: Map<number, HeldReplies> | undefined = undefined;
  /** Positions that were settled early: later outcomes of these requests are ignored. */
  cancelled: Set<number> | undefined = undefined;
  /** The ids of its open requests by position, if the ids of this connection are followed. */
  ids: (IdEntry | undefined)[] | undefined = undefined;
  /** Increases from one open group of a connection to the next. */
  order = 0;
  /** The streams of its open requests, by position. */
  flows: Map<number, Flow> | undefined = undefined;
  /** Set if it is one frame whose methods have limits. */
  limited: Limited | undefined = undefined;
  /** When its deadlines are to be checked. */
  checkAt: number = Number.POSITIVE_INFINITY;
  /** The open groups of the same connection, in the order of their requests. */
  previous: RequestGroup | undefined = undefined;
  next: RequestGroup | undefined = undefined;
  /** One place, or several in the order of their positions. */
  #places: Place | Place[] | undefined = undefined;

  constructor(
    count: number,
    bytes: number,
    { arrivedAt, dueAt, observed }: Times,
    isRefused: boolean,
    admittedBytes: number = bytes,
  ) {
    this.count = count;
    this.bytes = bytes;
    this.admittedBytes = admittedBytes;
    this.arrivedAt = arrivedAt;
    this.dueAt = dueAt;
    this.observed = observed;
    this.isRefused = isRefused;
  }

  /** Whether every request has an outcome that is handed on. */
  get isOver(): boolean {
    return this.handed === this.count;
  }

  /** Adds a place. The positions of the others must not overlap with it any more. */
  addPlace(place: Place): void {
    if (this.#places === undefined) this.#places = place;
    else {
      if (!Array.isArray(this.#places)) this.#places = [this.#places];
      this.#places.splice(indexAfter(this.#places, place.first), 0, place);
    }
  }

  /** The open request at a position. */
  requestAt(position: number): OpenRequest | undefined {
    const places = this.#places;
    const place = Array.isArray(places) ? places[indexAfter(places, position) - 1] : places;
    return place?.requestAt(position);
  }

  /** Ends the streams of requests that have an outcome; returns how many these are. */
  endStreams(first: number, count: number): number {
    let ended = 0;
    for (let position = first; position < first + count; position += 1) {
      const flow = this.flows?.get(position);
      if (flow === undefined) continue;
      stopFlow(flow);
      this.flows?.delete(position);
      ended += 1;
    }
    return ended;
  }

  /** Visits the requests whose places have no outcome for them, in order. The visitor must not settle any. */
  visit(visitor: (request: OpenRequest) => void): void {
    if (Array.isArray(this.#places)) for (const place of this.#places) place.visit(visitor);
    else this.#places?.visit(visitor);
  }
}

/** A group and those after it. */
export function* groupsFrom(first: RequestGroup | undefined): Generator<RequestGroup> {
  for (let group = first; group !== undefined; group = group.next) yield group;
}

/** The index of the first place behind a position. */
function indexAfter(places: readonly Place[], position: number): number {
  let [low, high] = [0, places.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((places[middle] as Place).first <= position) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A list of groups, from which any one leaves in constant time. */
export type GroupList = { first: RequestGroup | undefined; last: RequestGroup | undefined };

export function append(list: GroupList, group: RequestGroup): RequestGroup {
  group.previous = list.last;
  if (list.last === undefined) list.first = group;
  else {
    list.last.next = group;
    group.order = list.last.order + 1;
  }
  list.last = group;
  return group;
}

export function remove(list: GroupList, group: RequestGroup): void {
  const { previous, next } = group;
  if (previous === undefined) list.first = next;
  else previous.next = next;
  if (next === undefined) list.last = previous;
  else next.previous = previous;
  group.previous = undefined;
  group.next = undefined;
}
