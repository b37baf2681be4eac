import test from 'ava';
import fc from 'fast-check';
import { checkTaskId, newTaskId, streamsOf, timeOfTaskId } from '../../../../src/nats/later/task-names.ts';

test('a new id is a UUID of version 7, fit for a subject, that tells its time', (t) => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 48 - 1 }), (ms) => {
      const id = newTaskId(ms);
      t.regex(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      t.is(checkTaskId(id), id);
      t.is(timeOfTaskId(id), ms);
    }),
  );
  t.not(newTaskId(1), newTaskId(1));
});

test('an id of another form tells no time, and one that is no part of a subject is refused', (t) => {
  for (const id of ['mine', 'a'.repeat(100), '9b2d7a4e-6d0c-4f5a-8b1e-1c2d3e4f5a6b']) {
    t.is(checkTaskId(id), id);
    t.is(timeOfTaskId(id), undefined);
  }
  for (const id of ['', 'a.b', 'a b', '*', '>', 'a\n', 'ä', 'a'.repeat(101)])
    t.throws(() => checkTaskId(id), { code: 'ERR_LAUNCHPOOL_OPTION_INVALID' }, JSON.stringify(id));
});

test('no two services share a stream', (t) => {
  const name = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
  fc.assert(
    fc.property(name, name, (a, b) => {
      const all = [...Object.values(streamsOf(a)), ...(a === b ? [] : Object.values(streamsOf(b)))];
      t.is(new Set(all).size, all.length);
      for (const each of all) t.regex(each, /^[A-Za-z0-9_-]+$/);
    }),
  );
});
