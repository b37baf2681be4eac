/** The values of a stream are read in order and once, and credit comes back as they are read. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { ReceivedValues, WINDOW } from '../../wire/received-values.ts';
import type { StreamCredit } from '../../wire/stream.ts';

test('values come in order, to those who wait and to those who come later, and then the end', async (t) => {
  const step = fc.oneof(fc.constant('read' as const), fc.nat({ max: 5 }));
  const property = fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.boolean(), async (steps, isError) => {
    const received = new ReceivedValues(() => undefined);
    const reads: Promise<unknown>[] = [];
    const note = (next: Promise<IteratorResult<unknown>>): void => {
      reads.push(next.then(({ done, value }) => (done ? ['end', value] : value)).catch((error) => ['error', error]));
    };
    let pushed = 0;
    for (const each of steps) {
      if (each === 'read') note(received.next());
      else {
        const first = pushed;
        pushed += each;
        received.push({ values: Array.from({ length: each }, (_unused, index) => first + index), bytes: each });
      }
    }
    received.end(isError ? { error: 'no' } : { result: 'yes' });
    while (reads.length < pushed + 2) note(received.next());
    const got = await Promise.all(reads);
    deepStrictEqual(
      got.slice(0, pushed),
      Array.from({ length: pushed }, (_unused, index) => index),
    );
    const rest = got.slice(pushed);
    deepStrictEqual(rest[0], isError ? ['error', 'no'] : ['end', 'yes']);
    for (const each of rest.slice(1)) deepStrictEqual(each, ['end', undefined]);
  });
  await t.notThrowsAsync(fc.assert(property, { numRuns: 300 }));
});

test('a sender that heeds its credit is never stopped for ever, and never sends more than the window ahead', async (t) => {
  const frame = fc.record({ items: fc.integer({ min: 1, max: 1_500 }), bytes: fc.integer({ min: 1, max: 100_000 }) });
  const property = fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 40 }), async (frames) => {
    let credit: StreamCredit = { ...WINDOW };
    let read = 0;
    const received = new ReceivedValues(({ items, bytes }) => {
      credit = { items: credit.items + items, bytes: credit.bytes + bytes };
    });
    let sent = 0;
    for (const { items, bytes } of frames) {
      // What a sender would not do without credit, the reader makes possible.
      for (; credit.items < items || credit.bytes <= 0; read += 1) {
        ok(read < sent, 'there is neither credit nor a value to read');
        await received.next();
      }
      credit = { items: credit.items - items, bytes: credit.bytes - bytes };
      sent += items;
      received.push({ values: Array.from({ length: items }, () => 0), bytes });
      ok(sent - read <= WINDOW.items + 1_500);
    }
  });
  await t.notThrowsAsync(fc.assert(property, { numRuns: 100 }));
});
