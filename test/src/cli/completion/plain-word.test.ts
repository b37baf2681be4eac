/** Words as they are typed, and what a shell makes of them. */
import test from 'ava';
import fc from 'fast-check';
import { plainWord } from '../../../../src/cli/completion/plain-word.ts';
import { shellWord } from '../../../../wire/shell-word.ts';

for (const [typed, plain] of [
  ['', ''],
  ['com.example.a', 'com.example.a'],
  ["'com.ex", 'com.ex'],
  ['"com.ex', 'com.ex'],
  ['"com.ex"', 'com.ex'],
  ['my\' own \'"wo"rd', 'my own word'],
  ['a\\ b', 'a b'],
  ['a\\', 'a'],
  ['"a\\"b\\n\\\\', 'a"b\\n\\'],
  ['"a\\', 'a'],
  ["'a\\'", 'a\\'],
  ["--log='jour", '--log=jour'],
  ["'", ''],
] as const) {
  test(`${JSON.stringify(typed)} is ${JSON.stringify(plain)}`, (t) => {
    t.is(plainWord(typed), plain);
  });
}

test('a word in quotes is the word, also while its last quote is open', (t) => {
  const quoted = (text: string): string => `"${text.replace(/["\\$`]/g, '\\$&')}"`;
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', ' ', "'", '"', '\\', '$', '\n', 'ü') }), (text) => {
      t.is(plainWord(shellWord(text)), text);
      t.is(plainWord(quoted(text)), text);
      t.is(plainWord(quoted(text).slice(0, -1)), text);
    }),
  );
});
