/** The corpus depends only on its seed, and contains valid and invalid inputs. */
import test from 'ava';
import { mutate, mutateFrame } from '../../chaos/corpus/mutations.ts';
import { createRandom } from '../../chaos/random.ts';
import { decodeRequests } from '../../wire/json-rpc.ts';

const inputs = (seed: number): Buffer[] =>
  Array.from({ length: 500 }, (_unused, index) => {
    const random = createRandom(seed).fork(index);
    return mutateFrame(random, mutate(random));
  });

test('the same seed gives the same inputs, and another seed gives others', (t) => {
  t.deepEqual(inputs(1), inputs(1));
  t.notDeepEqual(inputs(1), inputs(2));
});

test('the inputs contain valid and invalid requests', (t) => {
  const random = createRandom(1);
  const invalid = Array.from({ length: 500 }, (_unused, index) => decodeRequests(mutate(random.fork(index)))).filter(
    ({ items }) => items.some((item) => 'error' in item),
  );
  t.true(invalid.length > 100);
  t.true(invalid.length < 480);
});

test('random numbers are in their range and spread over it', (t) => {
  const random = createRandom(7);
  const numbers = Array.from({ length: 4_000 }, () => random.between(10, 13));
  for (const number of [10, 11, 12, 13]) t.true(numbers.filter((each) => each === number).length > 800);
  t.true(numbers.every((number) => number >= 10 && number <= 13));
});
