import test from 'ava';
import fc from 'fast-check';
import { UnreadBytes } from '../../../src/nats/unread-bytes.ts';

/** More than that is never held beside the bytes. */
const OVERHEAD = 65_536;

test('any sequence of pushes and shifts keeps all bytes in order, and holds little more memory', (t) => {
  const sizes = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 80_000 }));
  const steps = fc.array(fc.oneof(sizes, fc.constant('shift' as const)), { maxLength: 40 });
  fc.assert(
    fc.property(steps, (all) => {
      const unread = new UnreadBytes();
      const [pushed, shifted]: [Buffer[], Buffer[]] = [[], []];
      let length = 0;
      let next = 0;
      for (const step of all) {
        if (step === 'shift') {
          const bytes = unread.shift();
          length -= bytes?.length ?? 0;
          t.not(bytes?.length, 0);
          if (bytes !== undefined) shifted.push(bytes);
        } else {
          const bytes = Buffer.alloc(step, next);
          next += 1;
          pushed.push(Buffer.from(bytes));
          unread.push(bytes);
          // It was copied.
          bytes.fill(0xee);
          length += step;
        }
        t.is(unread.isEmpty, length === 0);
        t.true(unread.heldBytes <= length + OVERHEAD, `${unread.heldBytes} for ${length}`);
      }
      for (let bytes = unread.shift(); bytes !== undefined; bytes = unread.shift()) shifted.push(bytes);
      t.true(Buffer.concat(shifted).equals(Buffer.concat(pushed)));
    }),
    { numRuns: 200 },
  );
});

test('a few bytes hold a few kilobytes', (t) => {
  const unread = new UnreadBytes();
  unread.push(Buffer.of(1));
  t.true(unread.heldBytes <= 4_096);
  unread.clear();
  t.is(unread.heldBytes, 0);
  t.is(unread.shift(), undefined);
});
