/** The options of a single call: its timeout and its signal. */
import { LaunchpoolError } from '../../wire/errors.ts';
import type { ProgressReport } from '../../wire/progress.ts';

export type CallOptions = {
  /**
   * How long the call waits for its reply, in milliseconds; 0 means without a limit. Starting an agent may take some
   * seconds. An RPC agent gets the timeout with the request and answers ERR_LAUNCHPOOL_QUEUE_TIMEOUT when it expires
   * before the request starts, or ERR_LAUNCHPOOL_RUN_TIMEOUT when it expires while the request runs. When the agent does
   * not answer, the call is rejected shortly after the timeout with ERR_LAUNCHPOOL_CALL_TIMEOUT.
   * @default 0
   */
  timeoutMs?: number | undefined;
  /** Called with each report of how far the call is, if the handler reports it. */
  onProgress?: ((report: ProgressReport) => void) | undefined;
  /**
   * The trace that the call belongs to, as W3C Trace Context writes it: `00-<trace id>-<parent id>-<flags>`. An RPC agent gets it
   * with the request. A value that is not valid counts as none.
   * @default in a handler of an agent, the trace of its request
   */
  traceparent?: string | undefined;
  /** What the vendors of tracing systems add to `traceparent`: up to 512 characters. */
  tracestate?: string | undefined;
  /**
   * Whether the call may run twice: it changes nothing, or the same again. A client of several instances then makes it once
   * more on another instance, if the one that had it is lost; otherwise, such a call is rejected with
   * ERR_LAUNCHPOOL_OUTCOME_UNKNOWN. A call of which values of a stream have arrived is not repeated. Without a meaning for an
   * agent on a socket.
   * @default false
   */
  repeatable?: boolean | undefined;
  /** Cancels the call: it is rejected with the signal's reason, and an RPC agent gets a cancellation. */
  signal?: AbortSignal | undefined;
};

/** The longest delay that setTimeout() takes, about 24 days; it fires at once for a longer one. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;

/** How much longer than the agent the client waits: only the agent knows whether the request was queued or running. */
export const AGENT_REPLY_MARGIN_MS = 250;

/** The timeout that is sent to the agent with the request. */
export function timeoutForAgent({ timeoutMs = 0 }: CallOptions): number | undefined {
  return timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS ? timeoutMs : undefined;
}

/**
 * Calls `cancel` when the timeout expires or the signal fires. Removes the timer and the listener when the call settles.
 * @param name of the call, for the error message.
 * @param marginMs is added to the timeout.
 */
export function limitCall<Result>(
  call: Promise<Result>,
  name: string,
  { timeoutMs = 0, signal }: CallOptions,
  cancel: (reason: unknown) => void,
  marginMs = 0,
): Promise<Result> {
  if (timeoutMs === 0 && signal === undefined) return call;
  const timeoutError = (): LaunchpoolError =>
    new LaunchpoolError('ERR_LAUNCHPOOL_CALL_TIMEOUT', `no reply to ${name} within ${timeoutMs} ms`, {
      hint: 'The handler may still be running. Allow more time with timeoutMs.',
    });
  const timer =
    timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS
      ? setTimeout(() => cancel(timeoutError()), Math.min(timeoutMs + marginMs, MAX_TIMER_MS))
      : undefined;
  const onAbort = (): void => cancel(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  return call.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  });
}
