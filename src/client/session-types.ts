/** What the clients of RPC and raw agents need of a session: a conversation that may use several connections. Types only. */
import type { LaunchpoolError } from '../../wire/errors.ts';
import type { SentFrame } from './unconfirmed-frames.ts';

export type SessionEvents = {
  /**
   * Called with each whole frame. The callee may keep the bytes.
   * @param from the connection, if the session has several at a time.
   */
  onFrame: (payload: Buffer, from?: FrameOrigin) => void;
  /** Called once, when the session ends. */
  onClose: (reason: LaunchpoolError) => void;
};

/** One of several connections of a session. */
export type FrameOrigin = {
  /** The frame that was sent first, of those without an answer. Raw agents answer in order. */
  readonly oldest: SentFrame | undefined;
  /** Whether this connection has the frame: no other one answers it. */
  has(sent: SentFrame): boolean;
  /** Ends this connection, which has sent what no agent sends. The others go on. */
  fail(reason: LaunchpoolError): void;
  /** Ends this connection, on which the agent has refused to go on: it has run nothing that is not answered. */
  refuse(reason: LaunchpoolError): void;
};

/** What is known of a frame beside its bytes. Sessions with one connection need only `isNotification`. */
export type SendFacts = {
  /** Notifications get no reply. @default false */
  readonly isNotification?: boolean;
  /** Requests of one method take about the same time. */
  readonly method?: string | undefined;
  /** Whether the frame is sent once more when its outcome is unknown. @default false */
  readonly isRepeatable?: boolean;
  /** Called at most once, if this frame gets no answer and the session goes on. */
  readonly fail?: (reason: LaunchpoolError) => void;
};

export type Session = {
  /** Sends a frame. Its bytes must not change before it is answered. */
  send(payload: Uint8Array, facts?: SendFacts): SentFrame;
  /**
   * Sends a frame that is useful only now, such as a cancellation. Drops it while the session has no connection.
   * @param about the request that it is about, whose connection it takes.
   */
  sendIfConnected(payload: Uint8Array, about: SentFrame | undefined): void;
  /** Marks a request as read: it runs, and is not sent again. All frames before it on its connection have been read too. */
  markRead(sent: SentFrame): void;
  /** Marks a request as answered. @param isError whether its reply is an error. */
  markAnswered(sent: SentFrame, isError?: boolean): void;
  /** Excludes a frame from resending: its call has been cancelled. */
  discard(sent: SentFrame): void;
  /** Whether the session keeps the process alive. */
  keepAlive(on: boolean): void;
  close(): void;
};
