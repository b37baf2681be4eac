/** One connection's way to the threads and back: its entrance, its lane, and how its conversation ends. */
import { type LaunchpoolError, type PlainError, toPlain } from '../../wire/errors.ts';
import { createEntrance, type Entrance, type EntranceOptions } from './entrance.ts';
import { createLane, type Keep, type Lane, type LaneEnd } from './lane.ts';

/** Of one connection. */
const MOST_BYTES_UNDER_WAY = 8 * 1024 * 1024;

export type Passage = {
  /**
   * Takes whole frames, still framed. The bytes are read during the call and not kept.
   * @param frames how many there are, where that is known.
   * @param own whether the bytes may be kept after all.
   */
  dispatch(run: Buffer, frames?: number, own?: boolean): void;
  /** Ends the conversation because of what the other side has sent, in its turn behind the requests before it. */
  refuse(error: LaunchpoolError): void;
  /** Whether anything that has come has no outcome yet. */
  readonly isBusy: boolean;
  /** Whether nothing more should be read for now. */
  readonly isOverfull: boolean;
  /** Says that replies can be sent again. */
  resume(): void;
  /** Says that the connection is gone: outcomes to come are dropped. */
  abandon(): void;
};

export type PassageOptions = {
  /** Whether replies keep the order of their requests; not asked before there is a first reply. */
  isRaw: () => boolean;
  /** Resolves when it is known whether the agent is raw. */
  knowsKind: () => Promise<void>;
  entrance: EntranceOptions;
  /** The lanes in which something may be under way. */
  lanes: Set<Lane>;
};

/** @param options are shared by all passages. */
export function createPassage(end: LaneEnd, options: PassageOptions): Passage {
  return new OpenPassage(end, options);
}

/** A class, as there are thousands of them. */
class OpenPassage implements Passage, LaneEnd {
  readonly #end: LaneEnd;
  readonly #options: PassageOptions;
  readonly #lane: Lane;
  readonly #entrance: Entrance;
  #refusal: LaunchpoolError | undefined;

  constructor(end: LaneEnd, options: PassageOptions) {
    this.#end = end;
    this.#options = options;
    this.#lane = createLane(this, options.isRaw);
    this.#entrance = createEntrance(this.#lane, options.entrance);
    options.lanes.add(this.#lane);
  }

  get isBusy(): boolean {
    return this.#lane.requests > 0 || this.#entrance.isFull;
  }

  dispatch(run: Buffer, frames?: number, own?: boolean): void {
    this.#entrance.dispatch(run, frames, own);
  }

  resume(): void {
    this.#entrance.resume();
    this.#refuseInTurn();
  }

  async refuse(error: LaunchpoolError): Promise<void> {
    // How it is said depends on it.
    await this.#options.knowsKind();
    this.#refusal = error;
    this.#refuseInTurn();
  }

  abandon(): void {
    this.#lane.abandon();
    // Begins what waits: it may be notifications, which nobody stays for.
    this.#entrance.resume();
    if (this.#lane.requests === 0) this.#options.lanes.delete(this.#lane);
  }

  get isOverfull(): boolean {
    return this.#entrance.isFull || this.#lane.bytes > MOST_BYTES_UNDER_WAY;
  }

  // The lane's side.

  send(frames: Uint8Array, keep?: Keep): void {
    this.#end.send(frames, keep);
  }

  fail(error: PlainError): void {
    this.#end.fail(error);
  }

  isFull(): boolean {
    return this.#end.isFull();
  }

  settled(): void {
    this.resume();
    if (this.#lane.abandoned && this.#lane.requests === 0) this.#options.lanes.delete(this.#lane);
    this.#end.settled();
  }

  /** Behind all requests that have come, and not only those that are under way. */
  #refuseInTurn(): void {
    if (this.#refusal !== undefined && !this.#entrance.isFull) this.#lane.refuse(toPlain(this.#refusal));
  }
}
