/** What a module makes of one request: the one shape that raw and RPC agents have for the rest of the thread. */
import type { PlainError } from '../wire/errors.ts';
import type { AgentKind } from './task.ts';

/** A raw request that failed; there is no reply to it. */
export class Failure {
  readonly error: PlainError;
  constructor(error: PlainError) {
    this.error = error;
  }
}

/** A reply's payload as bytes or as text, null when nothing is owed, or a failure. */
export type Result = Uint8Array | string | null | Failure;

export type Runner = {
  kind: AgentKind;
  /**
   * Runs the request that stands in `input` from `start` to `end`. The input is somebody else's memory: what the
   * handler gets is a copy, or, with `lent`, may be the memory itself, if the module has asked for that: then it is the
   * handler's until there is a result. Never throws and never rejects; returns a promise only if the handler did.
   */
  run(input: Buffer, start: number, end: number, lent?: boolean): Result | Promise<Result>;
};
