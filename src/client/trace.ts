/** The trace that a call belongs to, and what subscribers of the tracing channel see of the call. */
import { beginCall, type CallMessage, endCall, noteCallError } from '../../wire/call-channel.ts';
import { type TraceContext, traceIn } from '../../wire/trace-context.ts';
import type { CallOptions } from './call-options.ts';

/** workers/handler-host.ts. This file is bundled with modules of agents, and shares only the global object with them. */
const host = (globalThis as Record<symbol, unknown>)[Symbol.for('launchpool.handler')] as
  | { trace?: () => TraceContext | undefined }
  | undefined;

/** What the options of the call say; otherwise, in a handler of an agent, the trace of its request. */
export function traceFor(options: CallOptions): TraceContext | undefined {
  return (options.traceparent === undefined ? undefined : traceIn(options)) ?? host?.trace?.();
}

/** What is known of a call before it starts. */
export type CallFacts = Pick<CallMessage, 'method' | 'id'> & { target: string; trace: TraceContext | undefined };

/**
 * Starts a call that subscribers see.
 * @param start gets the trace of the call, which they may have changed.
 */
export function startInSight<Started extends { result: Promise<unknown> }>(
  { method, id, target, trace }: CallFacts,
  start: (trace: TraceContext | undefined) => Started,
): Started {
  const message: CallMessage = {
    role: 'client',
    method,
    id,
    target,
    traceparent: trace?.traceparent,
    tracestate: trace?.tracestate,
  };
  const fail = (error: unknown): never => {
    noteCallError(message, error);
    endCall(message);
    throw error;
  };
  let started: Started;
  try {
    started = beginCall(message, () => start(traceIn(message)));
  } catch (error) {
    return fail(error);
  }
  const end = (result: unknown): unknown => {
    endCall(message);
    return result;
  };
  return { ...started, result: started.result.then(end, fail) };
}
