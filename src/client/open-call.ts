/** A call of an RPC agent without an outcome. Types only. */
import type { CallOptions } from './call-options.ts';
import type { IncomingStream } from './incoming-stream.ts';
import type { OutgoingStream } from './outgoing-stream.ts';
import type { SentFrame } from './unconfirmed-frames.ts';

export type OpenCall = {
  readonly method: string;
  /** See CallOptions. */
  readonly isRepeatable: boolean;
  /** Rejects the call, which gets no answer. */
  fail: (reason: unknown) => void;
  /** Undefined until it is sent. */
  sent: SentFrame | undefined;
  stream: IncomingStream | undefined;
  onProgress: CallOptions['onProgress'];
  /** The parameters that are streams. */
  outgoing: readonly OutgoingStream[];
  resolve: (result: unknown) => void;
  reject: (reason: unknown) => void;
};

/** A call that has been sent, or could not be. */
export type StartedCall = {
  result: Promise<unknown>;
  id: number;
  /** Ends the call early. */
  cancel: (settle: (call: OpenCall) => void) => void;
};
