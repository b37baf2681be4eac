import test from 'ava';
import { eraOf, META, negotiated } from '../../../src/mcp/eras.ts';
import { Fault } from '../../../src/mcp/messages.ts';

const request = (meta?: object): Parameters<typeof eraOf>[0] => ({
  id: 1,
  method: 'tools/list',
  params: meta === undefined ? {} : { _meta: meta },
});
const modern = { [META.version]: '2026-07-28', [META.capabilities]: {} };

test('initialize is answered with the revision that was asked for, or the latest one that has it', (t) => {
  t.is(negotiated('2025-06-18'), '2025-06-18');
  t.is(negotiated('2025-11-25'), '2025-11-25');
  for (const other of ['2026-07-28', '2024-11-05', '2099-01-01', undefined, 7]) t.is(negotiated(other), '2025-11-25');
});

test('a request speaks the revision of its _meta, or that of the session', (t) => {
  t.is(eraOf(request(modern), undefined), '2026-07-28');
  t.is(eraOf(request(modern), '2025-06-18'), '2026-07-28');
  t.is(eraOf(request(), '2025-06-18'), '2025-06-18');
  t.is(eraOf(request({ progressToken: 1 }), '2025-11-25'), '2025-11-25');
});

test('a request without a revision, with an unknown one, or without capabilities is refused', (t) => {
  const codeOf = (meta?: object, session?: '2025-11-25'): unknown => {
    const error = t.throws(() => eraOf(request(meta), session), { instanceOf: Fault });
    return error?.code;
  };
  t.is(codeOf(), -32602);
  t.is(codeOf({}), -32602);
  t.is(codeOf({ [META.version]: '2026-07-28' }), -32602);
  t.is(codeOf({ ...modern, [META.capabilities]: [] }), -32602);
  t.is(codeOf({ ...modern, [META.version]: '1900-01-01' }), -32022);
  t.is(codeOf({ ...modern, [META.version]: '2025-11-25' }, '2025-11-25'), -32022);
});
