/**
 * A batch that a worker has: settles its frames, each frame once.
 *
 * A frame is settled here, or taken back to go with another batch, or awaited: started by an asynchronous handler.
 */
import type { LaunchpoolError } from '../../../wire/errors.ts';
import type { Outcome } from '../../../workers/task.ts';
import type { OpenRequest, RequestSource } from '../cancel/open-requests.ts';
import type { Started } from '../cancel/started-requests.ts';
import type { FrameRange, RangeHolder } from '../connection/frame-range.ts';
import type { Batch } from './batch.ts';

/** Requests that no worker has started, with their bytes. */
export type NotStarted = { ranges: FrameRange[]; bytes: Buffer };

export type InFlightBatch = RequestSource &
  RangeHolder & {
    readonly batch: Batch;
    /** The id of the thread that has started it; 0 before that. */
    readonly thread: number;
    /** How many frames are not taken back. */
    readonly frames: number;
    /** How many frames have not started. */
    readonly notStarted: number;
    /** How many frames are not settled. */
    readonly unsettled: number;
    /** Settles the frames that the worker has finished so far. */
    collect(): void;
    /** Whether the worker has passed the last frame: all requests with synchronous handlers are finished then. */
    isFinished(): boolean;
    /** Counts as a check. Returns true at the second check in a row that finds no progress. */
    isStuck(): boolean;
    /** Prevents the start of a frame that has not started; returns whether the frame may have started. */
    skip(index: number): boolean;
    /** The request of a frame, if it has no outcome yet. */
    requestOf(index: number): OpenRequest | undefined;
    /** Whether a frame has no outcome yet. */
    isOpen(index: number): boolean;
    /** Whether the worker is done with the slot. */
    readonly isCompleted: boolean;
    /** A frame is open for longer than its thread waits for it. */
    orphan(index: number): void;
    isOrphan(index: number): boolean;
    /** Notes the time at which frames started, for those that started since the last call, and returns these. */
    observeStarts(now: number): Started | undefined;
    /** When a frame started; undefined if it has not. */
    startOf(index: number): number | undefined;
    /** Takes back the frames that have not started. */
    takeBack(): NotStarted | undefined;
    /** Settles one frame with a late reply; returns whether it was still open. */
    settle(index: number, outcome: Outcome): boolean;
    /** The worker is done with the slot. Requests that are still open get memory of their own: the slot may be reused. */
    complete(): void;
    /** The thread has exited: requests that are still open fail with this error. */
    fail(error: LaunchpoolError, isRaw: boolean): void;
  };
