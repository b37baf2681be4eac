/** Words for the shell: the shell reads them as they were. */
import { execFileSync } from 'node:child_process';
import test from 'ava';
import fc from 'fast-check';
import { shellCommand, shellWord } from '../../wire/shell-word.ts';

test('plain words stay as they are, others are quoted', (t) => {
  t.is(shellWord('/usr/bin/a-b_c.d@e:f=g,h%i+j'), '/usr/bin/a-b_c.d@e:f=g,h%i+j');
  t.is(shellWord(''), "''");
  t.is(shellWord('Application Support'), "'Application Support'");
  t.is(shellWord("it's"), "'it'\\''s'");
  t.is(shellCommand(['ln', '-s', 'a b', 'c']), "ln -s 'a b' c");
});

test('the shell reads any words as they were', (t) => {
  // A NUL cannot be in an argument.
  const words = fc.array(
    fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
    { minLength: 1, maxLength: 40 },
  );
  const property = fc.property(words, (list) => {
    const printed = execFileSync('/bin/sh', ['-c', `printf '%s\\0' ${shellCommand(list)}`], { encoding: 'utf8' });
    t.deepEqual(printed.split('\0').slice(0, -1), list);
  });
  fc.assert(property, { numRuns: 30 });
});
