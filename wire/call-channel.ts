/**
 * The tracing channel `launchpool:call` of node:diagnostics_channel: what subscribers learn of each call, in clients, on the
 * main thread of an agent and on its worker threads. Without a subscriber, nothing is made of a call. See docs/tracing.md.
 */
import { tracingChannel } from 'node:diagnostics_channel';
import { type ErrorCode, toPlain } from './errors.ts';

/** One call, as one side sees it. All its events have the same object, to which a subscriber may add members. */
export type CallMessage = {
  /**
   * The side: `client`, from the call to its outcome; `agent`, its main thread, from the arrival of a request to its outcome;
   * `handler`, a worker thread, for as long as the handler runs.
   */
  readonly role: 'client' | 'agent' | 'handler';
  /** Undefined for a message of a raw agent. */
  readonly method: string | undefined;
  /** Undefined for a notification, and for a message of a raw agent. */
  readonly id: string | number | null | undefined;
  /** The label, or the path of the socket, that the client was given; undefined in an agent. */
  readonly target?: string;
  /**
   * The trace context. In a client, what it is at the end of `start` is sent; in a handler, it is that of the request, for
   * `launchpool/handler`, the log, and the calls that the handler makes. The main thread changes nothing of a request.
   */
  traceparent: string | undefined;
  tracestate: string | undefined;
  /** Why the call has failed, from `error` on. */
  error?: unknown;
  /** The error by its stable code, or else its class, such as `ERR_LAUNCHPOOL_RUN_TIMEOUT` or `RangeError`. */
  errorType?: string;
};

export const calls = tracingChannel<CallMessage, CallMessage>('launchpool:call');

/** Publishes `start`, calls the function in the stores that are bound to it, and publishes `end`. */
export function beginCall<Result>(message: CallMessage, call: () => Result): Result {
  try {
    return calls.start.runStores(message, call);
  } finally {
    calls.end.publish(message);
  }
}

/** Notes why the call fails, before it ends. */
export function noteCallError(message: CallMessage, error: unknown): void {
  message.error = error;
  message.errorType = errorTypeOf(error);
}

/** Publishes the outcome of a call: `error` if it has one, `asyncStart` and `asyncEnd`. */
export function endCall(message: CallMessage): void {
  if (message.errorType !== undefined) calls.error.publish(message);
  calls.asyncStart.publish(message);
  calls.asyncEnd.publish(message);
}

/** What a client has as the code of an error without one. */
const NO_CODE: ErrorCode = 'ERR_LAUNCHPOOL_HANDLER';

/** The code of an error may also be a number: that of an error of JSON-RPC, or the old one of a DOMException. */
function errorTypeOf(error: unknown): string {
  const { name, code } = toPlain(error);
  if (code === NO_CODE || code === '') return name;
  if (typeof code === 'string') return code;
  return code === undefined || name !== 'Error' ? name : String(code);
}
