/** The expectation of a connection's replies, and what follows from it. */
import test from 'ava';
import { expectAfter, slotBytesOf, UNKNOWN_REPLY_BYTES, windowOf } from '../../../../src/dispatch/connection/window.ts';

test('before the first reply, a reply counts as long in the window and as short in a slot', (t) => {
  t.is(windowOf(UNKNOWN_REPLY_BYTES, 2), 64);
  t.is(slotBytesOf(UNKNOWN_REPLY_BYTES), 0);
});

test('the first replies set the expectation', (t) => {
  t.is(expectAfter(UNKNOWN_REPLY_BYTES, 4, 40), 10);
  t.is(expectAfter(UNKNOWN_REPLY_BYTES, 2, 2_000_000), 1_000_000);
});

test('a longer reply changes the expectation more than a shorter one', (t) => {
  t.is(expectAfter(1000, 1, 3000), 2000);
  t.is(expectAfter(3000, 1, 1000), 2800);
});

test('long replies leave few requests open, and short ones many', (t) => {
  t.is(windowOf(10, 2), 4096);
  t.is(windowOf(1_000_000, 2), 4);
  t.is(windowOf(1_000_000, 8), 16);
  t.deepEqual([slotBytesOf(100), slotBytesOf(100_000)], [0, 100_000]);
});
