/** Frames for the agent itself are found without parsing, and no other frame is taken for one. */
import test from 'ava';
import fc from 'fast-check';
import { mayHaveControl, readControl } from '../../wire/control-frames.ts';

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const read = (value: unknown) => readControl(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));
const request = { jsonrpc: '2.0', id: 1, method: 'm' };

test('a timeout is read from the envelope, and from nowhere else', (t) => {
  t.deepEqual(read({ ...request, timeoutMs: 12.5 }), { kind: 'timeout', timeoutMs: 12.5 });
  t.deepEqual(read('{ "params" : [ "}" ] ,\n"timeoutMs" : 5 }'), { kind: 'timeout', timeoutMs: 5 });
  for (const value of [
    { ...request, params: [{ timeoutMs: 5 }] },
    { ...request, params: ['timeoutMs'] },
    { ...request, method: 'timeoutMs' },
    [{ ...request, timeoutMs: 5 }],
    '"timeoutMs"',
    'timeoutMs',
  ])
    t.is(read(value), undefined, JSON.stringify(value));
});

test('an invalid timeout is ignored', (t) => {
  for (const timeoutMs of [0, -1, null, '5', 2 ** 31, 1e300, {}, true]) {
    t.is(read({ ...request, timeoutMs }), undefined, JSON.stringify(timeoutMs));
  }
  t.is(read('{"timeoutMs":1e999}'), undefined);
});

test('a cancellation contains an id, unchanged, and has no id itself', (t) => {
  const cancel = (params: unknown, more = {}): unknown => ({ method: '$/cancelRequest', params, ...more });
  t.deepEqual(read(cancel({ id: 7 })), { kind: 'cancel', id: '7' });
  t.deepEqual(read(cancel({ id: 'a"b' })), { kind: 'cancel', id: '"a\\"b"' });
  t.deepEqual(read('{"method":"$\\/cancelRequest","params":{"id":1e2}}'), undefined);
  for (const value of [cancel([7]), cancel({}), cancel({ id: {} }), cancel({ id: 7 }, { id: 1 }), cancel(undefined)]) {
    t.is(read(value), undefined, JSON.stringify(value));
  }
});

test('credit and values of a parameter are read with the id of their request', (t) => {
  const more = (params: unknown): unknown => ({ method: '$/more', params });
  t.deepEqual(read(more({ id: 7, items: 3 })), { kind: 'more', id: '7', credit: { items: 3, bytes: 0 } });
  t.deepEqual(read(more({ bytes: 9, id: 'a' })), { kind: 'more', id: '"a"', credit: { items: 0, bytes: 9 } });
  for (const params of [{ items: 3 }, { id: 1, items: -1 }, { id: 1, bytes: 1.5 }, { id: 1, items: 1e300 }, [1]])
    t.is(read(more(params)), undefined, JSON.stringify(params));
  t.deepEqual(read({ method: '$/items', params: { id: 1, stream: 0, values: ['"}'] } }), { kind: 'items', id: '1' });
  t.is(read({ id: 1, method: '$/items', params: { id: 1 } }), undefined);
});

test('on any input, control frames are read as a parser reads them', (t) => {
  const anyFrame = fc.oneof(
    fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((text) => Buffer.from(text)),
    fc
      .record({ id: fc.jsonValue(), timeoutMs: fc.jsonValue(), method: fc.string(), params: fc.jsonValue() })
      .map((value) => Buffer.from(JSON.stringify(value))),
    fc.string().map((text) => Buffer.from(`{"timeoutMs":${text}`)),
  );
  const agrees = fc.property(anyFrame, (frame) => {
    const control = readControl(frame);
    const value = parsed(frame.toString());
    // Of invalid JSON, the part before the error may be read; the worker reports that it is invalid.
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const { timeoutMs } = value as { timeoutMs?: unknown };
    const isTime = typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs < 2 ** 31;
    t.deepEqual(control, isTime ? { kind: 'timeout', timeoutMs } : undefined);
  });
  fc.assert(agrees, { numRuns: 2000 });
  t.false(mayHaveControl(Buffer.from(JSON.stringify(request))));
});
