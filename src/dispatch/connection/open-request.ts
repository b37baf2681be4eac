/** A request that has no outcome yet, wherever it is: in a batch, or alone. */
import type { PlainError } from '../../../wire/errors.ts';
import type { Flow } from '../../../workers/stream/flow.ts';
import type { Contained } from './containment.ts';
import type { MethodPlaces } from './method-limits.ts';
import type { IdEntry } from './open-ids.ts';
import type { ReplySink, Retain } from './reply-sink.ts';

/** When requests arrived, and by when they must have an outcome, on the clock of `performance`. */
export type Times = {
  readonly arrivedAt: number;
  readonly dueAt: number;
  /** The places that the requests of one frame need to start. */
  readonly places?: readonly MethodPlaces[] | undefined;
  /** Set for one frame that subscribers see. */
  readonly observed?: Observed | undefined;
};

/** The requests of a frame whose methods have limits: src/dispatch/methods/method-gate.ts. */
export type Limited = {
  /** They cannot start now: their places are for others, until they may. @param start starts them then. */
  giveBack(start: () => void): void;
  /** They run no more, or never will. */
  end(): void;
};

/** The requests of one frame that subscribers of the tracing channel see: observed-frame.ts. */
export type Observed = {
  /** The frame has its outcome. @param isAbandoned whether its connection is closed. */
  end(settlement: Settlement, isAbandoned: boolean): void;
};

/** The outcome of consecutive requests: the frames that reply to them, a failure, or nothing. */
export type Settlement = {
  frames?: Uint8Array | undefined;
  failure?: PlainError | undefined;
  /** Without it, the frames are valid during the call only. */
  retain?: Retain | undefined;
};

/** The connection of a request. */
export type RequestConnection = Contained & {
  readonly abandoned: boolean;
  /** How many of the open requests have a stream. */
  streams: number;
  readonly sink: Pick<ReplySink, 'sendPart' | 'settled'>;
};

export type OpenRequest = {
  readonly group: RequestTimes;
  readonly replyQueue: RequestConnection;
  /** Its position in its group. */
  readonly position: number;
  /** To be read before `skip()`. */
  readonly payload: Buffer;
  /** When it started, on the clock of `performance`; undefined while it waits. */
  readonly startedAt: number | undefined;
  /** The id of the thread that has started it; 0 while it waits. */
  readonly startedBy: number;
  /** Where its thread finds it, once it has started. */
  place(): RequestPlace | undefined;
  /** Whether it has started by now. */
  hasStarted(): boolean;
  /**
   * Prevents the start of the request if that is still possible; its payload may be free memory after that.
   * @returns whether it may have started.
   */
  skip(): boolean;
  /** Where it runs. To be called only when `skip()` returned true. */
  running(): RunningRequest;
  /** Settles it; ignores its later outcome. */
  settleEarly(settlement: Settlement): void;
};

/** The part of its group that the deadlines and the stream of a request depend on. */
export type RequestTimes = Times & {
  /** Positions that were settled early. */
  readonly cancelled: ReadonlySet<number> | undefined;
  /** The streams of its open requests, by position. */
  flows: Map<number, Flow> | undefined;
  /** The ids of its open requests by position, if the ids of this connection are followed. */
  readonly ids: (IdEntry | undefined)[] | undefined;
  readonly limited: Limited | undefined;
};

/** Identifies a request that has started to its thread. */
export type RequestPlace = { thread: number; ticket: number; index: number };

export type RunningRequest = RequestPlace & {
  /** Whether it still has no outcome. */
  isOpen(): boolean;
  /** Whether its task is complete: its handler awaits something, and the pool counts it as open on its thread. */
  isLate(): boolean;
  /** It is open for longer than its thread waits for it. The pool must count it as an orphan until it has an outcome. */
  orphan(): void;
  /** The payload, while it is open. */
  payload(): Buffer;
};
