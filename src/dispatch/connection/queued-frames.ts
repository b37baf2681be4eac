/** Frames of one connection that wait to start, in memory of their own. */
import type { PlainError } from '../../../wire/errors.ts';
import { FrameWalk } from '../../../wire/frame-walk.ts';
import type { Contained } from './containment.ts';
import type { MethodPlaces } from './method-limits.ts';
import type { IdEntry } from './open-ids.ts';
import type { Observed, Times } from './open-request.ts';

/** Gives the error that a waiting request is refused with; undefined leaves it waiting. */
export type RefusalOf = (payload: Buffer, times: Times) => PlainError | undefined;

/** The queue that the frames wait in. */
export type QueueOfFrames = {
  readonly replyQueue: Contained;
  /** Refuses those of the frames for which `refusalOf` returns an error. */
  refuseIn(queued: QueuedFrames, refusalOf: RefusalOf): void;
  /** Refuses one request. */
  refuseAt(queued: QueuedFrames, entry: IdEntry, error: PlainError): void;
};

export class QueuedFrames implements Times {
  readonly queue: QueueOfFrames;
  readonly arrivedAt: number;
  readonly dueAt: number;
  readonly places: readonly MethodPlaces[] | undefined;
  readonly observed: Observed | undefined;
  run: Buffer;
  /** How many requests wait here, without those that were refused. */
  frames: number;
  /** The number of the first frame of the run, among all that have been here. */
  #at = 0;
  /** The numbers of frames that were refused and are still in the run. */
  #refused: Set<number> | undefined = undefined;
  /** The ids by the number of their frame, if the ids of this connection are followed. */
  ids: (IdEntry | undefined)[] | undefined = undefined;
  checkAt: number = Number.POSITIVE_INFINITY;

  constructor(queue: QueueOfFrames, run: Buffer, frames: number, { arrivedAt, dueAt, places, observed }: Times) {
    this.queue = queue;
    this.run = run;
    this.frames = frames;
    this.arrivedAt = arrivedAt;
    this.dueAt = dueAt;
    this.places = places;
    this.observed = observed;
  }

  /** Whether no request waits here any more. */
  get isOver(): boolean {
    return this.frames === 0;
  }

  /** @param ids by the number of their frame in the run. */
  setIds(ids: (IdEntry | undefined)[]): void {
    this.ids = ids;
    this.#at = 0;
  }

  get isFirstRefused(): boolean {
    return this.#refused?.has(this.#at) === true;
  }

  /** How many of the first frames are not refused, up to a number. */
  countOpen(max: number): number {
    if (this.#refused === undefined) return max;
    let count = 0;
    while (count < max && !this.#refused.has(this.#at + count)) count += 1;
    return count;
  }

  /** Takes the first frames out of the run. @param end where they end. @returns their ids. */
  takeFirst(count: number, end: number): (IdEntry | undefined)[] | undefined {
    const ids = this.ids?.slice(this.#at, this.#at + count);
    this.run = this.run.subarray(end);
    this.#at += count;
    return ids;
  }

  /** Refuses one frame by its number. It stays in the run until its turn comes, so that the others need not move. */
  refuse(number: number): void {
    this.#refused ??= new Set();
    this.#refused.add(number);
    this.frames -= 1;
  }

  /** Removes the frames for which `isKept` returns false, and those that were refused before. */
  keep(isKept: (payload: Buffer, id: IdEntry | undefined) => boolean): void {
    const kept: Buffer[] = [];
    const ids: (IdEntry | undefined)[] = [];
    let number = this.#at;
    for (const frames = new FrameWalk(this.run); frames.next(); number += 1) {
      const id = this.ids?.[number];
      if (this.#refused?.has(number) || !isKept(frames.payload, id)) continue;
      if (id !== undefined) id.position = kept.length;
      ids.push(id);
      kept.push(frames.frame);
    }
    this.run = kept.length === 1 ? (kept[0] as Buffer) : Buffer.concat(kept);
    this.frames = kept.length;
    this.ids &&= ids;
    this.#at = 0;
    this.#refused = undefined;
  }
}
