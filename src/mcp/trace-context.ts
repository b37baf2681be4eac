/** The trace context of a request of MCP, which is handed on to the agent: https://www.w3.org/TR/trace-context/ */
import type { Params } from './messages.ts';

export type TraceContext = { traceparent?: string; tracestate?: string };

/** What `_meta` has of it. @returns options for the call of the agent */
export function traceContextOf({ traceparent, tracestate }: Params): TraceContext {
  if (typeof traceparent !== 'string') return {};
  return { traceparent, ...(typeof tracestate === 'string' && { tracestate }) };
}
