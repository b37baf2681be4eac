/** A mutating corpus over all that is parsed; more of it by hand, with `npm run chaos -- corpus`. */
import test from 'ava';
import { checkAgents } from '../../chaos/corpus/live.ts';
import { checkParsers } from '../../chaos/corpus/parsers.ts';
import { createRandom, newSeed } from '../../chaos/random.ts';
import { createScope } from '../../chaos/scope.ts';

const SEED = Number(process.env.LAUNCHPOOL_TEST_SEED ?? newSeed());
const TO_PARSERS = 20_000;
const TO_AGENTS = 2_000;

// One after the other: the first does not let go of the event loop.
test.serial('parsers throw nothing but errors of launchpool, find the same in two ways, and keep no memory', (t) => {
  t.timeout(5 * 60_000);
  const { faults, figures } = checkParsers(createRandom(SEED), TO_PARSERS, () => undefined);
  t.deepEqual(faults, [], `seed ${SEED}`);
  t.is(figures.inputs, TO_PARSERS);
});

test.serial('running agents answer every right request among wrong ones, and are none the worse', async (t) => {
  t.timeout(5 * 60_000);
  const scope = await createScope();
  t.teardown(scope.end);
  const { faults, figures } = await checkAgents(scope, createRandom(SEED), TO_AGENTS, () => undefined);
  t.deepEqual(faults, [], `seed ${SEED}`);
  t.true((figures.rightAnswers as number) > TO_AGENTS / 2, JSON.stringify(figures));
  t.log(JSON.stringify(figures));
});
