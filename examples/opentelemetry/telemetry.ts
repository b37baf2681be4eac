/**
 * Sets OpenTelemetry up in the thread that loads it. `NODE_OPTIONS=--import=…/telemetry.ts` loads it in a program and in all its
 * threads, before anything else.
 */
import { appendFileSync } from 'node:fs';
import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import { ExportResultCode, hrTimeToMicroseconds, W3CTraceContextPropagator } from '@opentelemetry/core';
import { SimpleSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { StorageContextManager } from './context-manager.ts';
import { observeCalls } from './observe-calls.ts';

/** A span as main.ts reads it. */
export type SpanLine = {
  trace: string;
  id: string;
  parent: string | undefined;
  kind: string | undefined;
  name: string;
  us: number;
  attributes: Readonly<Record<string, unknown>>;
};

/**
 * Adds the spans of all processes to one file. In production, a BatchSpanProcessor with an OTLPTraceExporter of
 * @opentelemetry/exporter-trace-otlp-proto stands here: it sends them to a collector.
 */
const toFile: SpanExporter = {
  export(spans, done) {
    const lines = spans.map((span): SpanLine => {
      const { traceId, spanId } = span.spanContext();
      return {
        trace: traceId,
        id: spanId,
        parent: span.parentSpanContext?.spanId,
        kind: SpanKind[span.kind],
        name: span.name,
        us: Math.round(hrTimeToMicroseconds(span.duration)),
        attributes: span.attributes,
      };
    });
    const { SPANS_FILE } = process.env;
    if (SPANS_FILE !== undefined) appendFileSync(SPANS_FILE, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    done({ code: ExportResultCode.SUCCESS });
  },
  async shutdown() {},
};

const manager = new StorageContextManager();
context.setGlobalContextManager(manager);
propagation.setGlobalPropagator(new W3CTraceContextPropagator());
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: toFile })] }));
observeCalls(manager.storage);
