/** The options and the operations of a conversation. Types only. */
import type { LaunchpoolError } from '../../../wire/errors.ts';
import type { IdText } from '../../../wire/id-text.ts';
import type { StreamCredit } from '../../../wire/stream.ts';
import type { MethodLimits } from './method-limits.ts';
import type { ReplyQueue, ReplyQueueOptions } from './reply-queue.ts';
import type { RequestQueue, RequestQueueOptions } from './request-queue-options.ts';

export type Conversation = {
  /**
   * Takes whole frames with their headers. Reads the bytes during the call; keeps them only if `own` is true.
   * @param frames the number of frames, if it is known.
   * @param own whether the bytes belong to this call from now on.
   */
  dispatch(run: Buffer, frames?: number, own?: boolean): void;
  /**
   * Takes the first frames that are about open requests: credit, values and cancellations. Every other frame is left.
   * @returns their number.
   */
  takeControl(run: Buffer): number;
  /** Ends the conversation with an error, behind the replies to all requests before it. */
  refuse(error: LaunchpoolError): void;
  /** Whether any request has no outcome yet. */
  readonly isBusy: boolean;
  /** Whether the connection must stop reading for now. */
  readonly isOverfull: boolean;
  /** The client reads again: starts waiting requests. */
  resume(): void;
  /** The client reads no reply any more: cancels its requests. Its notifications run, also those that arrive later. */
  cancelRequests(): void;
  /** The connection is closed: cancels its requests, drops later outcomes, and lets its notifications run. */
  abandon(): void;
};

/** Shared by all conversations. */
export type ConversationOptions = ReplyQueueOptions & {
  requestQueue: RequestQueueOptions;
  methodLimits: MethodLimits;
  /** The reply queues that may have open requests. */
  replyQueues: Set<ReplyQueue>;
  /** Called when requests of a connection that could not start may be able to. */
  unpark: (replyQueue: ReplyQueue) => void;
  /** Gives credit to the stream of the request with this id. */
  giveMore: (requestQueue: RequestQueue, id: IdText, credit: StreamCredit) => void;
  /** Hands values of a parameter to the request with this id; returns false if it cannot have asked for any. */
  passItems: (requestQueue: RequestQueue, id: IdText, payload: Buffer) => boolean;
  /** Cancels the request with this id. */
  cancel: (requestQueue: RequestQueue, id: IdText) => void;
  /** Cancels every request whose reply the client would have read. */
  cancelAll: (requestQueue: RequestQueue) => void;
};
