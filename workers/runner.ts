/** Runs one request: the shape that raw and RPC agents share. */
import type { PlainError } from '../wire/errors.ts';
import type { Encoded } from '../wire/response.ts';

/** A raw request that failed; it has no reply. */
export class Failure {
  readonly error: PlainError;
  constructor(error: PlainError) {
    this.error = error;
  }
}

/** The payload of a raw agent's reply as bytes, that of an RPC agent's, null if there is nothing to send, or a failure. */
export type Result = Uint8Array | Encoded | null | Failure;

export type Runner = {
  /**
   * Runs the request at `input[start, end)`. The input belongs to the main thread, so the handler gets a copy. With
   * `mayBorrow`, a handler whose module asks for it gets the memory itself, which is the handler's until its result.
   * Never throws and never rejects; returns a promise only if the handler does.
   */
  run(input: Buffer, start: number, end: number, mayBorrow?: boolean): Result | Promise<Result>;
};
