/** A short run of the mutated corpus. `npm run chaos -- corpus` runs more of it. */
import test from 'ava';
import { checkParsers } from '../../chaos/corpus/parsers.ts';
import { checkAgents } from '../../chaos/corpus/running-agents.ts';
import { createRandom, newSeed } from '../../chaos/random.ts';
import { createScope } from '../../chaos/scope.ts';

const SEED = Number(process.env.LAUNCHPOOL_TEST_SEED ?? newSeed());
const TO_PARSERS = 20_000;
const TO_AGENTS = 2_000;

// Serial, because the first test blocks the event loop.
test.serial('parsers throw only errors of launchpool, agree with each other, and keep no memory', (t) => {
  t.timeout(5 * 60_000);
  const { faults, figures } = checkParsers(createRandom(SEED), TO_PARSERS, () => undefined);
  t.deepEqual(faults, [], `seed ${SEED}`);
  t.is(figures.inputs, TO_PARSERS);
});

test.serial('running agents answer every valid request among mutated ones and do not grow', async (t) => {
  t.timeout(5 * 60_000);
  const scope = await createScope();
  t.teardown(scope.end);
  const { faults, figures } = await checkAgents(scope, createRandom(SEED), TO_AGENTS, () => undefined);
  t.deepEqual(faults, [], `seed ${SEED}`);
  t.true((figures.rightAnswers as number) > TO_AGENTS / 2, JSON.stringify(figures));
  t.log(JSON.stringify(figures));
});
