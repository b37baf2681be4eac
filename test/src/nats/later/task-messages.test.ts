import test from 'ava';
import fc from 'fast-check';
import {
  cut,
  deadLetter,
  errorBody,
  MIN_ROOM,
  parseOutcome,
  parseTask,
  resultBody,
} from '../../../../src/nats/later/task-messages.ts';

const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

test('a task is an object with a method; what else it has must fit, or is left out', (t) => {
  t.deepEqual(parseTask(bytesOf({ method: 'a' })), { method: 'a' });
  t.deepEqual(parseTask(bytesOf({ jsonrpc: '2.0', method: 'a', params: [1], timeoutMs: 5, traceparent: 'x' })), {
    ...{ method: 'a', params: [1], timeoutMs: 5, traceparent: 'x' },
  });
  t.deepEqual(parseTask(bytesOf({ method: 'a', timeoutMs: -1, traceparent: 1, tracestate: null })), { method: 'a' });
  for (const value of [null, 1, 'a', [], {}, { method: 1 }]) t.is(parseTask(bytesOf(value)), undefined);
  t.is(parseTask(Buffer.from([0x22, 0xff, 0x22])), undefined);
});

test('any bytes are a task or none, without an error', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from)), (bytes) => {
      const task = parseTask(bytes);
      t.true(task === undefined || typeof task.method === 'string');
      t.true(parseOutcome(bytes) === undefined || typeof parseOutcome(bytes)?.outcome === 'string');
    }),
  );
});

test('an outcome comes back as it was stored', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(), (result, deliveries) => {
      const body = parseOutcome(resultBody('id', deliveries, bytesOf(result)));
      t.deepEqual(body, { id: 'id', outcome: 'result', deliveries, result: JSON.parse(JSON.stringify(result)) });
    }),
  );
  const error = { code: -1, message: 'm', data: { code: 'E' } };
  t.deepEqual(parseOutcome(errorBody('id', 2, error, 1_000)), { id: 'id', outcome: 'error', deliveries: 2, error });
  t.is(parseOutcome(bytesOf({ outcome: 'other' })), undefined);
});

test('what would be too long for a message is shortened, and says so', (t) => {
  const error = { code: -1, message: 'm'.repeat(5_000), data: { code: 'E', data: 'd'.repeat(5_000) } };
  const short = parseOutcome(errorBody('id', 2, error, 2_000));
  t.deepEqual(short, {
    ...{ id: 'id', outcome: 'error', deliveries: 2 },
    error: { code: -1, message: `${'m'.repeat(997)}…`, data: { code: 'E' } },
  });
  const task = { method: 'a', params: ['p'.repeat(5_000)] };
  const letter = deadLetter('id', 2, task, { code: -1, message: 'm' }, 2_000);
  t.deepEqual(JSON.parse(String(letter)), {
    ...{ id: 'id', method: 'a', paramsBytes: 5_004, error: { code: -1, message: 'm' }, deliveries: 2 },
  });
  t.like(JSON.parse(String(deadLetter('id', 2, task, { code: -1, message: 'm' }, 20_000))), { params: task.params });
  t.like(JSON.parse(String(deadLetter('id', 2, undefined, { code: -1, message: 'm' }, 2_000))), { method: null });
});

test('a text is cut to bytes of its JSON, between characters, and says so', (t) => {
  t.is(cut('abc', 3), 'abc');
  t.is(cut('abcde', 4), 'a…');
  t.is(cut('\u0000\u0000', 9), '\u0000…');
  t.is(cut('😀😀', 7), '😀…');
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.string({ maxLength: 60 }));
  fc.assert(
    fc.property(text, fc.integer({ min: 3, max: 100 }), (whole, bytes) => {
      const short = cut(whole, bytes);
      t.true(Buffer.byteLength(JSON.stringify(short)) - 2 <= bytes);
      t.true(short === whole || (short.endsWith('…') && whole.startsWith(short.slice(0, -1))));
      if (Buffer.byteLength(JSON.stringify(whole)) - 2 <= bytes) t.is(short, whole);
    }),
  );
});

const longText = fc.oneof(
  fc.string(),
  fc
    .tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }), fc.nat({ max: 2_000 }))
    .map(([a, n]) => a.repeat(n)),
  // A half of a pair takes six bytes in JSON.
  fc.nat({ max: 2_000 }).map((n) => '\ud83d'.repeat(n)),
);
const anyTask = fc.record({ method: longText, params: fc.oneof(fc.jsonValue(), fc.array(longText)) });
const anyError = fc.record({
  code: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
  message: longText,
  data: fc.oneof(fc.jsonValue(), fc.record({ code: longText }), fc.record({ code: longText, data: longText })),
});
const anyId = fc.stringMatching(/^[A-Za-z0-9_-]{1,100}$/);

test('the outcome and the dead letter of any task that has failed fit into any message', (t) => {
  fc.assert(
    fc.property(
      ...[anyId, fc.option(anyTask), anyError, fc.integer({ min: 1, max: 2 ** 32 })],
      fc.oneof(fc.constant(MIN_ROOM), fc.integer({ min: MIN_ROOM, max: 10_000 })),
      (id, task, error, deliveries, room) => {
        const letter = deadLetter(id, deliveries, task ?? undefined, error, room);
        const body = errorBody(id, deliveries, error, room);
        t.true(letter.length <= room, `${letter.length} of ${room}`);
        t.true(body.length <= room, `${body.length} of ${room}`);
        t.like(JSON.parse(String(letter)), { id, deliveries, error: { code: error.code || 0 } });
        t.like(parseOutcome(body), { id, deliveries, outcome: 'error', error: { code: error.code || 0 } });
      },
    ),
    { numRuns: 300 },
  );
});

test('what JSON.stringify() has no stack for is left out of a dead letter', (t) => {
  // As params of many levels are for an older Node.
  const params = {
    toJSON() {
      throw new RangeError('Maximum call stack size exceeded');
    },
  };
  const error = { code: -1, message: 'm', data: { code: 'E', params } };
  const short = { code: -1, message: 'm', data: { code: 'E' } };
  t.deepEqual(JSON.parse(String(deadLetter('id', 2, { method: 'a', params }, error, 1_000))), {
    ...{ id: 'id', method: 'a', error: short, deliveries: 2 },
  });
  t.deepEqual(parseOutcome(errorBody('id', 2, error, 1_000)), {
    id: 'id',
    outcome: 'error',
    deliveries: 2,
    error: short,
  });
});
