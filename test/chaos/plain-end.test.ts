/** What a connection has come to when it is over is held against what was said on it. */
import test from 'ava';
import { checkEnd } from '../../chaos/plain-end.ts';

const calm = { announce: true, run: undefined, wasKilled: false, unanswered: [], answered: [0, 1] };

test('who has all replies has nothing against the end', (t) => {
  t.deepEqual(checkEnd(calm), []);
});

test('who has announced is told, unless the process was killed', (t) => {
  t.deepEqual(checkEnd({ ...calm, unanswered: [2] }), ['ended without a notice, and 1 requests without a reply']);
  t.deepEqual(checkEnd({ ...calm, unanswered: [2], wasKilled: true }), []);
});

test('what the notice says is true of every frame, also of a process that was killed behind it', (t) => {
  t.deepEqual(checkEnd({ ...calm, run: 2, unanswered: [2, 3] }), []);
  t.deepEqual(checkEnd({ ...calm, run: 3, unanswered: [2, 3], wasKilled: true }), [
    '3 run by the notice, and no reply to frames 2',
  ]);
  t.deepEqual(checkEnd({ ...calm, run: 1 }), ['1 run by the notice, and more were answered: frames 1']);
});

test('who has not announced has no replies missing before one that came', (t) => {
  const end = { ...calm, announce: false, answered: [0, 3] };
  t.deepEqual(checkEnd({ ...end, unanswered: [4, 5] }), []);
  t.deepEqual(checkEnd({ ...end, unanswered: [2, 4] }), ['no reply, though frame 3 was answered, to frames 2']);
  t.deepEqual(checkEnd({ ...end, unanswered: [2, 4], wasKilled: true }), []);
});
