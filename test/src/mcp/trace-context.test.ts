import test from 'ava';
import { traceContextOf } from '../../../src/mcp/trace-context.ts';

test('the trace context of _meta goes on as options of the call', (t) => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01';
  t.deepEqual(traceContextOf({ traceparent, tracestate: 'a=1', baggage: 'x', progressToken: 1 }), {
    traceparent,
    tracestate: 'a=1',
  });
  t.deepEqual(traceContextOf({ traceparent }), { traceparent });
  for (const meta of [{}, { tracestate: 'a=1' }, { traceparent: 7 }]) t.deepEqual(traceContextOf(meta), {});
});
