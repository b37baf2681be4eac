import test from 'ava';
import fc from 'fast-check';
import { toolFacts } from '../../../src/describe/mcp-tags.ts';

const facts = (...texts: string[]): [unknown, string[]] => {
  const notes: string[] = [];
  const tags = texts.map((text) => ({ name: 'mcp', text }));
  return [toolFacts({ text: '', tags: [{ name: 'param', text: 'x' }, ...tags] }, (_, text) => notes.push(text)), notes];
};

test('tags have one word, several, or a title', (t) => {
  t.deepEqual(facts(), [undefined, []]);
  t.deepEqual(facts('title: Add  two\nnumbers', 'read-only, closed-world'), [
    { title: 'Add two numbers', readOnly: true, openWorld: false },
    [],
  ]);
  t.deepEqual(facts('additive idempotent open-world'), [{ destructive: false, idempotent: true, openWorld: true }, []]);
  t.deepEqual(facts('tool', 'hidden', 'destructive'), [{ isTool: true, isHidden: true, destructive: true }, []]);
});

test('an unknown word is a note', (t) => {
  const [found, notes] = facts('readonly');
  t.deepEqual(found, {});
  t.regex(notes.join(), /^its @mcp readonly is none of tool, hidden, read-only, .*title: TEXT$/);
  t.is(facts('toString')[1].length, 1);
});

test('any text is read', (t) => {
  fc.assert(fc.property(fc.string(), (text) => void t.is(typeof facts(text)[0], 'object')));
});
