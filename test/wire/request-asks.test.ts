/** The trace context of a request as a worker reads it, and as a client writes it, in both encodings. */
import test from 'ava';
import { encode } from 'msgpackr';
import { decodeRequests, type RpcItem } from '../../wire/json-rpc.ts';
import { encodeRequest, requestOf } from '../../wire/json-rpc-call.ts';
import * as codec from '../../wire/messagepack/codec.ts';
import { decodePackedRequests } from '../../wire/messagepack/requests.ts';

const trace = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', tracestate: 'a=1' };
const traceOf = (item: RpcItem | undefined): unknown => (item && 'method' in item ? item.asks?.trace : undefined);
const READERS = [
  ['JSON', (value: unknown) => decodeRequests(Buffer.from(JSON.stringify(value)))],
  ['MessagePack', (value: unknown) => decodePackedRequests(codec, Buffer.from(encode(value)), 100)],
] as const;

for (const [name, read] of READERS) {
  const request = { jsonrpc: '2.0', id: 1, method: 'a', params: [{ traceparent: trace.traceparent }] };

  test(`${name}: a request, a notification and each request of a batch have their trace`, (t) => {
    const { id: _id, ...notification } = request;
    t.deepEqual(traceOf(read({ ...request, ...trace }).items[0]), trace);
    t.deepEqual(traceOf(read({ ...notification, ...trace }).items[0]), trace);
    t.deepEqual(read([{ ...request, ...trace }, request]).items.map(traceOf), [trace, undefined]);
  });

  test(`${name}: a request without a trace, or with one in its params alone, asks for nothing`, (t) => {
    for (const each of [request, { ...request, tracestate: 'a=1' }]) {
      const [item] = read(each).items;
      t.false('asks' in (item as RpcItem));
    }
  });

  test(`${name}: a trace that is not valid is none, and no error`, (t) => {
    for (const traceparent of ['no', 7, null, {}, [], true]) {
      const [item] = read({ ...request, traceparent, tracestate: 'a=1', timeoutMs: 5 }).items;
      t.like(item, { method: 'a', asks: { trace: undefined, timeoutMs: 5 } });
    }
  });
}

test('a client writes them beside the params', (t) => {
  t.deepEqual(JSON.parse(encodeRequest(1, 'a', [2], trace)), {
    ...{ jsonrpc: '2.0', id: 1, method: 'a', ...trace, params: [2] },
  });
  t.deepEqual(requestOf(1, 'a', [2], {}), { jsonrpc: '2.0', id: 1, method: 'a', params: [2] });
});
