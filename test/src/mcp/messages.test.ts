import test from 'ava';
import fc from 'fast-check';
import { errorMessage, Fault, type Incoming, readMessage } from '../../../src/mcp/messages.ts';

const read = (message: unknown): Incoming => readMessage(Buffer.from(JSON.stringify(message)));

function codeOf(found: Incoming): [id: unknown, code: number] {
  if (found.kind !== 'invalid') throw new Error(`not invalid: ${found.kind}`);
  return [found.id, found.fault.code];
}

test('requests and notifications are read, with or without params', (t) => {
  t.deepEqual(read({ jsonrpc: '2.0', id: 'a', method: 'x' }), { kind: 'request', id: 'a', method: 'x', params: {} });
  t.deepEqual(read({ jsonrpc: '2.0', id: 0, method: 'x', params: { y: 1 } }), {
    kind: 'request',
    id: 0,
    method: 'x',
    params: { y: 1 },
  });
  t.deepEqual(read({ jsonrpc: '2.0', method: 'x' }), { kind: 'notification', method: 'x', params: {} });
});

test('what cannot be read has an error with the id, if there is one', (t) => {
  t.deepEqual(codeOf(readMessage(Buffer.from('{"jsonrpc'))), [undefined, -32700]);
  t.deepEqual(codeOf(read([])), [undefined, -32600]);
  t.deepEqual(codeOf(read([{ jsonrpc: '2.0', id: 1, method: 'x' }])), [undefined, -32600]);
  t.deepEqual(codeOf(read('text')), [undefined, -32600]);
  t.deepEqual(codeOf(read(null)), [undefined, -32600]);
  t.deepEqual(codeOf(read({ jsonrpc: '2.0', id: null, method: 'x' })), [undefined, -32600]);
  t.deepEqual(codeOf(read({ jsonrpc: '2.0', id: 1.5, method: 'x' })), [undefined, -32600]);
  t.deepEqual(codeOf(read({ jsonrpc: '2.0', id: 1 })), [1, -32600]);
  t.deepEqual(codeOf(read({ jsonrpc: '1.0', id: 1, method: 'x' })), [1, -32600]);
  t.deepEqual(codeOf(read({ jsonrpc: '2.0', id: 1, method: 'x', params: [1] })), [1, -32602]);
});

test('responses, and notifications that cannot be read, are ignored', (t) => {
  for (const message of [
    { jsonrpc: '2.0', id: 1, result: {} },
    { jsonrpc: '2.0', id: 1, error: { code: 1, message: 'x' } },
    { jsonrpc: '2.0', method: 'x', params: 1 },
    { jsonrpc: '2.0', method: 7 },
  ]) {
    t.deepEqual(read(message), { kind: 'ignored' });
  }
  t.deepEqual(readMessage(Buffer.from('  \t ')), { kind: 'ignored' });
});

test('any line is read without an exception, and any JSON has a kind', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      t.true(['request', 'notification', 'ignored', 'invalid'].includes(readMessage(Buffer.from(text)).kind));
    }),
  );
});

test('an error without an id has none, and no data if there are none', (t) => {
  t.deepEqual(errorMessage(undefined, new Fault('parse', 'no')), {
    jsonrpc: '2.0',
    error: { code: -32700, message: 'no' },
  });
  t.deepEqual(errorMessage(1, new Fault('internal', 'no', { a: 1 })), {
    jsonrpc: '2.0',
    id: 1,
    error: { code: -32603, message: 'no', data: { a: 1 } },
  });
});
