/** The options and the operations of a request queue. Types only. */
import type { Admission } from './admission.ts';
import type { Times } from './open-request.ts';
import type { QueuedFrames, RefusalOf } from './queued-frames.ts';
import type { ReplyQueue } from './reply-queue.ts';
import type { RequestGroup } from './request-group.ts';

/** Shared by all request queues. */
export type RequestQueueOptions = {
  /** The highest number of open requests of a connection, by the expected length of its replies. */
  window: (expectedBytes: number) => number;
  admission: Admission;
  /** A raw agent has no error reply: requests beyond the limits wait. */
  isRaw: () => boolean;
  /** A frame of more bytes than this, header included, is a long request. */
  longFrameBytes: number;
  /** Starts requests; reads the bytes during the call and does not keep them. */
  start: (replyQueue: ReplyQueue, run: Buffer, frames: number, times: Times) => RequestGroup;
  /** Starts a long request; keeps its payload if the payload is in shared memory. */
  startLong: (replyQueue: ReplyQueue, payload: Buffer, times: Times) => RequestGroup;
  /** Takes back memory that a run brought with it and no request uses. */
  recycle: (run: Buffer) => void;
  /** Called when requests must wait, which may be refused in the meantime. */
  onQueued: (queued: QueuedFrames) => void;
  /** The request queues in which requests wait. */
  waiting: Set<RequestQueue>;
};

export type RequestQueue = {
  /**
   * Takes whole frames with their headers. Reads the bytes during the call; keeps them only if `own` is true.
   * @param frames the number of frames, if it is known.
   * @param own whether the bytes belong to this call from now on.
   */
  dispatch(run: Buffer, times: Times, frames?: number, own?: boolean): void;
  /** Starts waiting requests, as many as the window allows now. */
  resume(): void;
  /** Refuses waiting requests. Sends no reply when the connection is closed. */
  refuseWaiting(refusalOf: RefusalOf): void;
  readonly replyQueue: ReplyQueue;
  /** Whether requests wait. */
  readonly hasQueued: boolean;
  /** How many requests wait. */
  readonly waiting: number;
  /** The requests that wait, in order. */
  readonly queued: Iterable<QueuedFrames>;
};
