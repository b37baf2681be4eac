/** The calls in a frame, and the outcomes in the frame of their reply, found without parsing. */
import test from 'ava';
import fc from 'fast-check';
import { encode } from 'msgpackr';
import { type ScannedCall, type ScannedOutcome, scanCalls, scanOutcomes } from '../../wire/call-scan.ts';
import { idValue } from '../../wire/id-text.ts';
import { traceIn } from '../../wire/trace-context.ts';

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
const OTHER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
const BOTH = [
  ['JSON', (value: unknown) => Buffer.from(JSON.stringify(value))],
  ['MessagePack', (value: unknown) => Buffer.from(encode(value))],
] as const;

function callsIn(payload: Buffer): ScannedCall[] {
  const calls: ScannedCall[] = [];
  scanCalls(payload, (call) => calls.push(call));
  return calls;
}

function outcomesIn(payload: Buffer): ScannedOutcome[] {
  const outcomes: ScannedOutcome[] = [];
  scanOutcomes(payload, (outcome) => outcomes.push(outcome));
  return outcomes;
}

for (const [name, bytes] of BOTH) {
  test(`${name}: the members of a request count at its top level only`, (t) => {
    const inner = { method: 'inner', id: 2, traceparent: OTHER, tracestate: 'b=2' };
    const request = { params: [inner, { deep: inner }], id: 1, method: 'outer' };
    const [without, ...rest] = callsIn(bytes(request));
    t.deepEqual(rest, []);
    t.like(without, { method: 'outer', trace: undefined });
    t.deepEqual(callsIn(bytes({ ...request, traceparent: PARENT, tracestate: 'a=1' }))[0]?.trace, {
      traceparent: PARENT,
      tracestate: 'a=1',
    });
  });

  test(`${name}: each request of a batch has its own trace`, (t) => {
    const batch = [{ id: 1, method: 'a', traceparent: PARENT }, { method: 'b', traceparent: OTHER }, { id: 'x' }, 7];
    t.deepEqual(
      callsIn(bytes(batch)).map(({ id, method, trace }) => [id && idValue(id), method, trace?.traceparent]),
      [
        [1, 'a', PARENT],
        [undefined, 'b', OTHER],
      ],
    );
  });

  test(`${name}: a reply has a result or an error`, (t) => {
    const own = { code: -32_000, message: 'too far', data: { name: 'RangeError', code: 'E_RANGE', data: { code: 1 } } };
    const plain = { code: -32_601, message: 'no such method' };
    const withoutCode = { code: -32_000, message: 'no', data: { name: 'TypeError' } };
    const replies = [
      { id: 1, result: { error: own } },
      { id: 'x', error: own },
      { id: null, error: plain },
      { id: 2, error: withoutCode },
    ];
    t.deepEqual(
      outcomesIn(bytes(replies)).map(({ id, error }) => [id && idValue(id), error]),
      [
        [1, undefined],
        ['x', { name: 'RangeError', message: 'too far', code: 'E_RANGE' }],
        [null, { name: 'Error', message: 'no such method', code: -32_601 }],
        [2, { name: 'TypeError', message: 'no', code: undefined }],
      ],
    );
  });
}

const anyText = fc.oneof(fc.constantFrom(PARENT, OTHER, 'a=1', ''), fc.string({ unit: 'grapheme', maxLength: 20 }));
const anyRequest = fc.record(
  {
    traceparent: fc.oneof(anyText, fc.integer()),
    tracestate: fc.oneof(anyText, fc.boolean()),
    method: fc.oneof(anyText, fc.integer()),
    id: fc.oneof(fc.integer(), fc.string({ maxLength: 5 })),
    params: fc.oneof(fc.jsonValue(), fc.record({ traceparent: fc.constant(OTHER), method: fc.constant('inner') })),
    extra: fc.dictionary(fc.constantFrom('traceparent', 'tracestate', 'method'), anyText),
  },
  { requiredKeys: [] },
);

test('for any request and any batch, the calls are those that a parser finds, in both encodings', (t) => {
  const anyMessage = fc.oneof(anyRequest, fc.array(anyRequest, { minLength: 1, maxLength: 10 }));
  type Request = { id?: number | string; method?: unknown; traceparent?: unknown; tracestate?: unknown };
  const expected = (message: unknown): unknown[] =>
    [message]
      .flat()
      .map((each) => each as Request)
      .filter(({ method }) => typeof method === 'string')
      .map((each) => [each.id, each.method, traceIn(each)]);
  const found = (payload: Buffer): unknown[] =>
    callsIn(payload).map(({ id, method, trace }) => [id === undefined ? undefined : idValue(id), method, trace]);
  const holds = fc.property(anyMessage, (message) => {
    const text = JSON.stringify(message);
    t.deepEqual(found(Buffer.from(text)), expected(JSON.parse(text)));
    if (Array.isArray(message) || Object.keys(message).length > 0)
      t.deepEqual(found(Buffer.from(encode(message))), expected(message));
  });
  t.notThrows(() => fc.assert(holds));
});

test('bytes of any kind are scanned without an error', (t) => {
  const holds = fc.property(fc.oneof(fc.uint8Array(), fc.string().map(Buffer.from)), (bytes) => {
    const payload = Buffer.from(bytes);
    callsIn(payload);
    outcomesIn(payload);
    for (const start of ['{"method":"a","traceparent":', '[{"error":{"data":{', '\x83\xa6method\xa1a']) {
      callsIn(Buffer.concat([Buffer.from(start, 'latin1'), payload]));
      outcomesIn(Buffer.concat([Buffer.from(start, 'latin1'), payload]));
    }
  });
  t.notThrows(() => fc.assert(holds));
});
