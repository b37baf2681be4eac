/**
 * Turns the calls of agents into spans and durations, as OpenTelemetry's conventions for JSON-RPC name them. It subscribes to
 * the tracing channel `launchpool:call`, and knows nothing else of launchpool. In a program, and in every thread of an agent,
 * it is called once, before the first call.
 */
import type { AsyncLocalStorage } from 'node:async_hooks';
import { tracingChannel } from 'node:diagnostics_channel';
import {
  type Context,
  context,
  metrics,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
// In a project of your own: 'launchpool/client'.
import type { CallMessage } from '../../src/client/index.ts';

/** A handler is the server of its call. The time on the agent's main thread has the waiting for a thread, too. */
const KINDS = { client: SpanKind.CLIENT, agent: SpanKind.INTERNAL, handler: SpanKind.SERVER } as const;

type Open = { span: Span; startedAt: number };

/** @param storage holds the active context of the context manager: the span of a handler is active while the handler runs. */
export function observeCalls(storage: AsyncLocalStorage<Context>): void {
  const calls = tracingChannel<CallMessage, Context>('launchpool:call');
  const tracer = trace.getTracer('launchpool');
  const meter = metrics.getMeter('launchpool');
  const durations = {
    client: meter.createHistogram('rpc.client.call.duration', { unit: 's' }),
    handler: meter.createHistogram('rpc.server.call.duration', { unit: 's' }),
    agent: undefined,
  };
  const open = new WeakMap<CallMessage, Open>();

  function begin(message: CallMessage): Context {
    const { role, method = 'message', id, target } = message;
    const attributes = {
      'rpc.system.name': 'jsonrpc',
      'rpc.method': method,
      'jsonrpc.protocol.version': '2.0',
      ...(id !== undefined && { 'jsonrpc.request.id': id === null ? '' : String(id) }),
      ...(target !== undefined && { 'server.address': target }),
    };
    const isInSpan = role === 'client' && trace.getSpan(context.active()) !== undefined;
    const parent = isInSpan ? context.active() : propagation.extract(context.active(), message);
    const span = tracer.startSpan(method, { kind: KINDS[role], attributes }, parent);
    open.set(message, { span, startedAt: performance.now() });
    const own = trace.setSpan(parent, span);
    // A client sends what the message has now, and a handler hands it on. The agent's main thread changes no request.
    if (role !== 'agent') propagation.inject(own, message);
    return own;
  }

  function end(message: CallMessage): void {
    const { span, startedAt } = open.get(message) ?? {};
    if (span === undefined || startedAt === undefined) return;
    const { role, method = 'message', error, errorType } = message;
    const facts = { 'rpc.system.name': 'jsonrpc', 'rpc.method': method, ...(errorType && { 'error.type': errorType }) };
    durations[role]?.record((performance.now() - startedAt) / 1000, facts);
    if (errorType !== undefined) {
      span.setAttribute('error.type', errorType);
      span.setStatus({
        code: SpanStatusCode.ERROR,
        message: String((error as Partial<Error> | null)?.message ?? error),
      });
    }
    span.end();
  }

  calls.start.bindStore(storage, begin);
  calls.asyncEnd.subscribe((message) => end(message as CallMessage));
}
