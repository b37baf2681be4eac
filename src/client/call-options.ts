/** What can be asked of a single call, and how a call is given up. */
import { LaunchpoolError } from '../../wire/errors.ts';

export type CallOptions = {
  /**
   * How long to wait for the reply, in milliseconds; 0 means for ever. An agent that must first be started may take
   * some seconds. An RPC agent is told of it, and says whether the time was over before the request was begun, or while
   * it ran: ERR_LAUNCHPOOL_QUEUE_TIMEOUT or ERR_LAUNCHPOOL_RUN_TIMEOUT. If it says nothing, it is
   * ERR_LAUNCHPOOL_CALL_TIMEOUT, a moment later.
   * @default 0
   */
  timeoutMs?: number | undefined;
  /** Gives the call up: it is rejected with the signal's reason, and an RPC agent is told to do nothing more about it. */
  signal?: AbortSignal | undefined;
};

/** setTimeout fires at once when it is given more; 24 days, and as good as for ever. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;

/** How much longer than the agent the caller waits: only the agent knows what the request was at. */
export const AGENTS_LEAD_MS = 250;

/** What the agent is told. */
export function timeoutForAgent({ timeoutMs = 0 }: CallOptions): number | undefined {
  return timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS ? timeoutMs : undefined;
}

/** Rejects the call when its time is over or its signal fires, and cleans up when it is settled. */
export function limitCall<Result>(
  call: Promise<Result>,
  what: string,
  { timeoutMs = 0, signal }: CallOptions,
  giveUp: (reason: unknown) => void,
  leadMs = 0,
): Promise<Result> {
  if (timeoutMs === 0 && signal === undefined) return call;
  const tooLate = (): LaunchpoolError =>
    new LaunchpoolError('ERR_LAUNCHPOOL_CALL_TIMEOUT', `no reply to ${what} within ${timeoutMs} ms`, {
      hint: 'The handler may still be running. Give it longer with timeoutMs.',
    });
  const timer =
    timeoutMs > 0 && timeoutMs <= MAX_TIMER_MS
      ? setTimeout(() => giveUp(tooLate()), Math.min(timeoutMs + leadMs, MAX_TIMER_MS))
      : undefined;
  const onAbort = (): void => giveUp(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  return call.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  });
}
