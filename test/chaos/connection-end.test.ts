/** The check of a connection's end finds replies that disagree with the notice or the order of the frames. */
import test from 'ava';
import { checkConnectionEnd } from '../../chaos/connection-end.ts';

const complete = { announce: true, framesRun: undefined, wasKilled: false, unanswered: [], answered: [0, 1] };

test('a connection with all replies has no fault', (t) => {
  t.deepEqual(checkConnectionEnd(complete), []);
});

test('after the announcement, a close without a notice is a fault unless the process was killed', (t) => {
  t.deepEqual(checkConnectionEnd({ ...complete, unanswered: [2] }), [
    'closed without a notice, with 1 requests without a reply',
  ]);
  t.deepEqual(checkConnectionEnd({ ...complete, unanswered: [2], wasKilled: true }), []);
});

test('the notice must be right for every frame, also when the process was killed after it', (t) => {
  t.deepEqual(checkConnectionEnd({ ...complete, framesRun: 2, unanswered: [2, 3] }), []);
  t.deepEqual(checkConnectionEnd({ ...complete, framesRun: 3, unanswered: [2, 3], wasKilled: true }), [
    '3 run by the notice, and no reply to frames 2',
  ]);
  t.deepEqual(checkConnectionEnd({ ...complete, framesRun: 1 }), ['1 run by the notice, and replies to frames 1']);
});

test('without the announcement, a missing reply before another reply is a fault', (t) => {
  const end = { ...complete, announce: false, answered: [0, 3] };
  t.deepEqual(checkConnectionEnd({ ...end, unanswered: [4, 5] }), []);
  t.deepEqual(checkConnectionEnd({ ...end, unanswered: [2, 4] }), ['frame 3 is answered, and not frames 2']);
  t.deepEqual(checkConnectionEnd({ ...end, unanswered: [2, 4], wasKilled: true }), []);
});
