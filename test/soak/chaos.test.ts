/** Short runs of what `npm run chaos` does for as long as one likes. */
import test, { type ExecutionContext } from 'ava';
import { idleExit } from '../../chaos/idle-exit.ts';
import { mayhem } from '../../chaos/mayhem.ts';
import { type Options, readOptions } from '../../chaos/options.ts';
import { createRandom, newSeed } from '../../chaos/random.ts';
import { reloads } from '../../chaos/reloads.ts';
import { createScope } from '../../chaos/scope.ts';
import { sigterm } from '../../chaos/sigterm.ts';
import { storm } from '../../chaos/storm.ts';
import type { Outcome, Verb } from '../../chaos/verb.ts';
import { notTested } from '../helpers/not-tested.ts';

const SEED = Number(process.env.LAUNCHPOOL_TEST_SEED ?? newSeed());

async function short(t: ExecutionContext, verb: Verb, given: Partial<Options>): Promise<Outcome['figures']> {
  t.timeout(5 * 60_000);
  const scope = await createScope();
  t.teardown(scope.end);
  const options = { ...readOptions([]), ...given };
  const { faults, figures } = await verb({ options, random: createRandom(SEED), scope, progress: () => undefined });
  t.deepEqual(faults, [], `seed ${SEED}`);
  t.log(JSON.stringify(figures));
  return figures;
}

// One after the other: each of them loads the whole machine. What was slow says little there, and is not looked at.
test.serial('under fire, every request has one outcome, and the right one', async (t) => {
  const { requests, fates } = await short(t, mayhem, { minutes: 0.1 });
  t.true((requests as number) > 100);
  t.deepEqual(Object.keys(fates as object).slice(0, 3), ['main', 'raw', 'cramped']);
});

test.serial('an agent under load that is told to leave answers what it has read', async (t) => {
  t.is((await short(t, sigterm, { times: 3 })).times, 3);
});

test.serial('an agent under load loads its module anew, and no call fails', async (t) => {
  t.is((await short(t, reloads, { times: 3 })).times, 3);
});

test.serial('a storm of connections is served', async (t) => {
  const { fates } = await short(t, storm, { connections: 300 });
  if (fates === undefined) notTested(t, 'a storm of connections needs more descriptors');
  else t.is((fates as Record<string, number>).result, 300);
});

test.serial('who knocks around an idle exit is answered', async (t) => {
  t.true(((await short(t, idleExit, { cycles: 5 })).lives as number) >= 5);
});
