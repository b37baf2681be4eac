/** A connection's way in: takes what has come, and begins as much of it as may be under way at once. */
import { payloadLength, payloadStart } from '../../wire/frame.ts';
import type { Lane } from './lane.ts';

export type EntranceOptions = {
  /** The most requests that may be under way. */
  window: () => number;
  /** A frame of more bytes than this, header included, is a long one. */
  longFrameBytes: number;
  /** Begins requests; the bytes are read during the call and not kept. */
  begin: (lane: Lane, run: Buffer, frames: number) => void;
  /** Begins a long request; its payload likewise, unless it stands in shared memory. */
  beginLong: (lane: Lane, payload: Buffer) => void;
};

export type Entrance = {
  /**
   * Takes whole frames, still framed. The bytes are read during the call and not kept.
   * @param frames how many there are, where that is known.
   * @param own whether the bytes may be kept after all.
   */
  dispatch(run: Buffer, frames?: number, own?: boolean): void;
  /** Begins what had to wait, as far as that is possible now. */
  resume(): void;
  /** Whether some of what has come is not begun. */
  readonly isFull: boolean;
};

/** @param options may be shared by all entrances. */
export function createEntrance(lane: Lane, options: EntranceOptions): Entrance {
  return new OpenEntrance(lane, options);
}

/** A class, as there are thousands of them. */
class OpenEntrance implements Entrance {
  readonly #lane: Lane;
  readonly #options: EntranceOptions;
  /** Frames that have not been begun, in memory of their own. */
  #waiting: Buffer[] | undefined;

  constructor(lane: Lane, options: EntranceOptions) {
    this.#lane = lane;
    this.#options = options;
  }

  get isFull(): boolean {
    return this.#waiting !== undefined;
  }

  dispatch(run: Buffer, frames?: number, own = false): void {
    const begun = this.#waiting === undefined ? this.#beginSome(run, frames) : 0;
    if (begun === run.length) return;
    const rest = run.subarray(begun);
    this.#waiting ??= [];
    this.#waiting.push(own ? rest : Buffer.from(rest));
  }

  resume(): void {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    for (let run = waiting[0]; run !== undefined; run = waiting[0]) {
      const begun = this.#beginSome(run);
      if (begun < run.length) {
        waiting[0] = run.subarray(begun);
        return;
      }
      waiting.shift();
    }
    this.#waiting = undefined;
  }

  /** Begins the frames at the start of a run, as many as may be; returns where it has stopped. */
  #beginSome(run: Buffer, known?: number): number {
    const lane = this.#lane;
    const { window, longFrameBytes, begin, beginLong } = this.#options;
    // Whoever is gone reads nothing any more, but what it has sent may be notifications, and is run.
    let room = lane.end.isFull() && !lane.abandoned ? 0 : window() - lane.requests;
    if (known !== undefined && known <= room && run.length <= longFrameBytes) {
      // The usual case, in which nobody has to look at each frame.
      begin(lane, run, known);
      return run.length;
    }
    let offset = 0;
    while (offset < run.length && room > 0) {
      let end = offset;
      let frames = 0;
      while (end < run.length && frames < room) {
        const next = payloadStart(run, end) + payloadLength(run, end);
        if (next - end > longFrameBytes) break;
        end = next;
        frames += 1;
      }
      if (frames > 0) begin(lane, run.subarray(offset, end), frames);
      else {
        const start = payloadStart(run, offset);
        end = start + payloadLength(run, offset);
        frames = 1;
        beginLong(lane, run.subarray(start, end));
      }
      room -= frames;
      offset = end;
    }
    return offset;
  }
}
