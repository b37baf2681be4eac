/** The trace context of a request: which values are valid, and what becomes of the others. */
import test from 'ava';
import fc from 'fast-check';
import { traceIdOf, traceIn } from '../../wire/trace-context.ts';

const ID = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const VALID = `00-${ID}-${PARENT}-01`;

for (const [what, given, kept] of [
  ['a valid one', VALID, VALID],
  ['flags of any value', `00-${ID}-${PARENT}-ff`, `00-${ID}-${PARENT}-ff`],
  ['a later version: what version 00 knows', `01-${ID}-${PARENT}-03`, VALID],
  ['a later version with more parts', `cc-${ID}-${PARENT}-02-more-parts`, `00-${ID}-${PARENT}-00`],
  ['more parts of version 00', `${VALID}-more`, undefined],
  ['a later version without a dash before the rest', `01-${ID}-${PARENT}-01more`, undefined],
  ['the version ff', `ff-${ID}-${PARENT}-01`, undefined],
  ['capitals', VALID.toUpperCase(), undefined],
  ['a trace id of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`, undefined],
  ['a parent id of zeros', `00-${ID}-${'0'.repeat(16)}-01`, undefined],
  ['a trace id that is too short', `00-${ID.slice(1)}-${PARENT}-01`, undefined],
  ['no flags', `00-${ID}-${PARENT}`, undefined],
  ['white space', ` ${VALID}`, undefined],
  ['a line break behind it', `${VALID}\n`, undefined],
  ['no text', 7, undefined],
  ['an array with it', [VALID], undefined],
  ['null', null, undefined],
  ['none', undefined, undefined],
] as const) {
  test(`traceparent: ${what}`, (t) => t.is(traceIn({ traceparent: given })?.traceparent, kept));
}

for (const [what, given, isKept] of [
  ['a valid one', 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE', true],
  ['a tenant', '0tenant@vendor=a b', true],
  ['white space around members, and empty ones', 'a=1 , \tb=2,,', true],
  ['512 characters', `a=${'x'.repeat(251)},b=${'x'.repeat(256)}`, true],
  ['513 characters', `a=${'x'.repeat(252)},b=${'x'.repeat(256)}`, false],
  ['a value of 257 characters', `a=${'x'.repeat(257)}`, false],
  ['32 members', Array.from({ length: 32 }, (_, at) => `k${at}=v`).join(), true],
  ['33 members', Array.from({ length: 33 }, (_, at) => `k${at}=v`).join(), false],
  ['a capital in a key', 'A=1', false],
  ['a member without a value', 'a=', false],
  ['a member without =', 'a', false],
  ['two = in a member', 'a=b=c', false],
  ['a letter beyond ASCII', 'a=é', false],
  ['a line break', 'a=1\n', false],
  ['empty text', '', false],
  ['no text', 7, false],
] as const) {
  test(`tracestate: ${what}`, (t) => {
    const tracestate = given as unknown;
    t.deepEqual(
      traceIn({ traceparent: VALID, tracestate }),
      isKept ? { traceparent: VALID, tracestate: given as string } : { traceparent: VALID },
    );
    t.is(traceIn({ traceparent: 'invalid', tracestate }), undefined);
  });
}

test('the trace id is that of the traceparent', (t) => t.is(traceIdOf({ traceparent: VALID }), ID));

test('whatever the members are, a trace context is valid or there is none, and it stays as it is', (t) => {
  const hex = fc.stringMatching(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
  const holds = fc.property(
    fc.oneof(hex, fc.anything()),
    fc.oneof(fc.stringMatching(/^[a-c]=[ -~]{0,5}(,[a-c]=[ -~]{1,3})*$/), fc.anything()),
    (traceparent, tracestate) => {
      const found = traceIn({ traceparent, tracestate });
      if (found === undefined) return;
      t.regex(found.traceparent, /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/);
      t.true((found.tracestate ?? '').length <= 512);
      t.deepEqual(traceIn(found), found);
    },
  );
  t.notThrows(() => fc.assert(holds));
});
