/** The note of an installation on methods that are not properties of a client's agent. */
import test from 'ava';
import { methodNotes } from '../../../src/install/method-notes.ts';

test('methods with a reserved name are listed, with the way to call them', (t) => {
  const [note, ...others] = methodNotes(['add', 'toString', 'close', '_hidden']);
  t.regex(note ?? '', /toString, _hidden .*call\(agent, 'toString'\)/);
  t.deepEqual(others, []);
});

test('other methods have no note', (t) => {
  t.deepEqual(methodNotes(['add', 'close', 'rot13']), []);
});
