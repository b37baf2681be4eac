import test from 'ava';
import fc from 'fast-check';
import {
  deadLetter,
  errorBody,
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
    error: { code: -1, message: 'm'.repeat(1_000), data: { code: 'E' } },
  });
  const task = { method: 'a', params: ['p'.repeat(5_000)] };
  const letter = deadLetter('id', 2, task, { code: -1, message: 'm' }, 2_000);
  t.deepEqual(JSON.parse(String(letter)), {
    ...{ id: 'id', method: 'a', paramsBytes: 5_004, error: { code: -1, message: 'm' }, deliveries: 2 },
  });
  t.like(JSON.parse(String(deadLetter('id', 2, task, { code: -1, message: 'm' }, 20_000))), { params: task.params });
  t.like(JSON.parse(String(deadLetter('id', 2, undefined, { code: -1, message: 'm' }, 2_000))), { method: null });
});
