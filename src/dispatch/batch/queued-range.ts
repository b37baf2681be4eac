/** A range that has no slot yet, with its frames in memory of its own. */
import { FrameWalk } from '../../../wire/frame-walk.ts';
import type { OpenRequest } from '../cancel/open-requests.ts';
import { countUnsettled, type FrameRange, type RangeHolder } from '../connection/frame-range.ts';
import { visitWaiting, WaitingRequest } from './waiting-request.ts';

const NOTHING: Buffer = Buffer.alloc(0);

export class QueuedRange implements RangeHolder {
  readonly range: FrameRange;
  #bytes: Buffer;
  /** How many requests of the range are not settled; with none left, it is empty. */
  left: number;
  readonly #onEmpty: () => void;

  /** @param onEmpty called when the last request is settled; the memory is free then. */
  constructor(range: FrameRange, bytes: Buffer, onEmpty: () => void) {
    this.range = range;
    this.#bytes = bytes;
    this.left = countUnsettled(range.group, range.first, range.first + range.count);
    this.#onEmpty = onEmpty;
    range.holder = this.left > 0 ? this : undefined;
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** The first frames have a slot. @param first the first position of the range before. @param bytes the other frames. */
  shorten(first: number, bytes: Buffer): void {
    this.#bytes = bytes;
    this.left -= countUnsettled(this.range.group, first, this.range.first);
    if (this.left === 0) this.range.holder = undefined;
  }

  framesOf(): FrameWalk {
    return new FrameWalk(this.#bytes);
  }

  onSkipped(): void {
    this.left -= 1;
    if (this.left > 0) return;
    this.#bytes = NOTHING;
    this.range.holder = undefined;
    this.#onEmpty();
  }

  requestAt(range: FrameRange, position: number): OpenRequest {
    return new WaitingRequest(range, position, this);
  }

  visitRange(range: FrameRange, visitor: (request: OpenRequest) => void): void {
    visitWaiting(range, this, visitor);
  }
}
