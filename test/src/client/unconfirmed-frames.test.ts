/** Which frames a session keeps, to send them again. */
import test from 'ava';
import { createUnconfirmedFrames, type SentFrame, UNREAD_BYTES } from '../../../src/client/unconfirmed-frames.ts';

const frame = (index: number, isNotification = true, bytes = 1000): SentFrame => ({
  payload: new Uint8Array(bytes),
  isNotification,
  index,
});

test('of notifications alone, as many are kept as the system may hold, and those that it has not taken', (t) => {
  for (const unsentBytes of [0, 1_000_000]) {
    const unconfirmed = createUnconfirmedFrames();
    for (let index = 0; index < 20_000; index += 1) {
      unconfirmed.add(frame(index));
      unconfirmed.trim(unsentBytes);
    }
    const all = unconfirmed.all();
    const bytes = all.reduce((sum, { payload }) => sum + payload.length, 0);
    t.true(bytes <= UNREAD_BYTES + unsentBytes && bytes > 0.8 * (UNREAD_BYTES + unsentBytes), String(bytes));
    t.deepEqual(
      all.map(({ index }) => index),
      Array.from({ length: all.length }, (_unused, nth) => 20_000 - all.length + nth),
    );
  }
});

test('an open call before the notifications is kept, and its reply confirms all frames before it', (t) => {
  const unconfirmed = createUnconfirmedFrames();
  const [first, call] = [frame(0, false), frame(9_999, false)];
  unconfirmed.add(first);
  for (let index = 1; index < 9_999; index += 1) {
    unconfirmed.add(frame(index));
    unconfirmed.trim(0);
  }
  t.is(unconfirmed.all()[0], first);
  unconfirmed.add(call);
  unconfirmed.add(frame(10_000));
  unconfirmed.markAnswered(call);
  t.deepEqual(
    unconfirmed.all().map(({ index }) => index),
    [10_000],
  );
  unconfirmed.discardWhere(({ index }) => index === 10_000);
  t.deepEqual(unconfirmed.all(), []);
});

test('any number of frames are discarded in any order, and the others stay in theirs', (t) => {
  const unconfirmed = createUnconfirmedFrames();
  const sent = Array.from({ length: 20_000 }, (_unused, index) => frame(index, index % 2 === 0, 100));
  for (const each of sent) unconfirmed.add(each);
  const kept = new Set(sent.filter((_unused, index) => index % 500 === 0));
  // From the end, and each of them twice.
  for (const each of sent.toReversed()) if (!kept.has(each)) unconfirmed.discard(each);
  for (const each of sent) if (!kept.has(each)) unconfirmed.discard(each);
  t.deepEqual(unconfirmed.all(), [...kept]);
});
