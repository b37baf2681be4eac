/** Runs a raw agent's handler: one message in, one message out. */
import { calls } from '../wire/call-channel.ts';
import { ownCopy } from '../wire/copy.ts';
import { toPlain } from '../wire/errors.ts';
import type { NoteFailure } from './failure-lines.ts';
import type { RawHandler } from './handlers.ts';
import { callInSight } from './observed-calls.ts';
import { hasContexts, inOwnContext } from './own-context.ts';
import { resultTooLong } from './reply-limit.ts';
import type { Requests } from './requests.ts';
import { bytesOf, lengthOf, plainBytes } from './result-bytes.ts';
import { Failure, type Result, type Runner } from './runner.ts';
import { isOwnPromise, whenSettled } from './settling.ts';

const clone = structuredClone;

export type RawOptions = {
  /**
   * Whether the handler gets long messages in shared memory, without a copy.
   * @default false
   */
  borrows?: boolean;
  /**
   * The longest reply.
   * @default Infinity
   */
  maxReplyBytes?: number;
  /** Without it, the module can ask nothing about a request. */
  requests?: Requests;
  /** A handler has failed, or its result cannot be sent. */
  onFailure?: NoteFailure;
};

/** Stands for the handler in the log. */
const RAW_METHOD = 'default';

export function rawRunner(handle: RawHandler, options: RawOptions = {}): Runner {
  const { borrows = false, maxReplyBytes = Number.POSITIVE_INFINITY, requests, onFailure } = options;

  function failed(thrown: unknown): Failure {
    onFailure?.(RAW_METHOD, { method: RAW_METHOD }, thrown);
    return failureOf(thrown);
  }

  function replyOf(result: unknown): Uint8Array {
    const bytes = bytesOf(result);
    if (lengthOf(bytes) > maxReplyBytes) throw resultTooLong(maxReplyBytes);
    return bytes;
  }

  function lateResultOf(result: unknown): Result {
    try {
      return plainBytes(replyOf(result));
    } catch (thrown) {
      return failed(thrown);
    }
  }

  function respond(input: Buffer, start: number, end: number, mayBorrow: boolean): Result | Promise<Result> {
    try {
      const result = handle(mayBorrow && borrows ? viewOf(input, start, end) : copyOf(input, start, end));
      return isThenable(result) ? whenSettled<unknown, Result>(result, lateResultOf, failed) : replyOf(result);
    } catch (thrown) {
      return failed(thrown);
    }
  }

  // A function of its own: what a closure captures is allocated at each call, whether the closure is made or not.
  function respondInContext(input: Buffer, start: number, end: number, mayBorrow: boolean): Result | Promise<Result> {
    return inOwnContext(() => respond(input, start, end, mayBorrow));
  }

  /** The module can ask about the request, or a subscriber sees it. */
  function respondObserved(
    { newContext, runIn }: Requests,
    ...message: Parameters<typeof respond>
  ): Result | Promise<Result> {
    const context = newContext(undefined);
    const call = (): Result | Promise<Result> => respond(...message);
    const run = (): Result | Promise<Result> =>
      runIn(context, calls.hasSubscribers ? () => callInSight(undefined, context, call, errorOf) : call);
    const result = hasContexts() ? inOwnContext(run) : run();
    const end = (value: Result): Result => {
      context.isOver = true;
      return value;
    };
    return isOwnPromise(result) ? whenSettled(result, end) : end(result);
  }

  return {
    run(input, start, end, mayBorrow = false) {
      const isObserved = requests !== undefined && (requests.hasContexts || calls.hasSubscribers);
      if (isObserved) return respondObserved(requests, input, start, end, mayBorrow);
      return hasContexts() ? respondInContext(input, start, end, mayBorrow) : respond(input, start, end, mayBorrow);
    },
  };
}

function errorOf(result: Result): unknown {
  return result instanceof Failure ? result.error : undefined;
}

/** A plain Uint8Array in ordinary memory, which belongs to the handler forever. */
function copyOf(input: Buffer, start: number, end: number): Uint8Array {
  return ownCopy(plainView(input), start, end);
}

function viewOf({ buffer, byteOffset }: Buffer, start: number, end: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset + start, end - start);
}

/** The slice of a Buffer would be a Buffer again. */
const plainViews = new WeakMap<Buffer, Uint8Array>();
function plainView(input: Buffer): Uint8Array {
  let view = plainViews.get(input);
  if (view === undefined) {
    view = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    plainViews.set(input, view);
  }
  return view;
}

/** A raw failure goes to the agent's log and never to the caller, so it may have its stack. */
export function failureOf(thrown: unknown): Failure {
  const plain = toPlain(thrown, { stack: true });
  try {
    return new Failure(clone(plain));
  } catch {
    // The handler chooses `data`, which may not be cloneable.
    const { data: _data, ...rest } = plain;
    return new Failure(rest);
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}
