/** Options whose value may be missing. */
import test from 'ava';
import fc from 'fast-check';
import { withBareOptions } from '../../../src/cli/bare-options.ts';

const CASES: readonly [given: string, expected: string][] = [
  ['dev a.ts', 'dev a.ts'],
  ['dev --inspect a.ts', 'dev --inspect=0 a.ts'],
  ['dev a.ts --inspect', 'dev a.ts --inspect=0'],
  ['dev --inspect=9229 a.ts', 'dev --inspect=9229 a.ts'],
  ['dev --inspect 9229 a.ts', 'dev --inspect=9229 a.ts'],
  ['dev --inspect-wait --threads 2 a.ts', 'dev --inspect-wait=0 --threads 2 a.ts'],
  ['dev -- --inspect', 'dev -- --inspect'],
  ['call --inspect', 'call --inspect'],
  ['toString --inspect', 'toString --inspect'],
];

for (const [given, expected] of CASES) {
  test(given, (t) => {
    t.deepEqual(withBareOptions(given.split(' ')), expected.split(' '));
  });
}

test('arguments without such an option stay as they are', (t) => {
  fc.assert(
    fc.property(fc.array(fc.string().filter((arg) => !/^--inspect(-wait)?$/.test(arg))), (args) => {
      t.deepEqual(withBareOptions(args), args);
    }),
  );
});
