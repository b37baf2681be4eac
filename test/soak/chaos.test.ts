/** Short runs of the verbs of `npm run chaos`. */
import test, { type ExecutionContext } from 'ava';
import { disturbedLoad } from '../../chaos/disturbed-load.ts';
import { idleExit } from '../../chaos/idle-exit.ts';
import { type Options, readOptions } from '../../chaos/options.ts';
import { createRandom, newSeed } from '../../chaos/random.ts';
import { reloads } from '../../chaos/reloads.ts';
import { createScope } from '../../chaos/scope.ts';
import { sigterm } from '../../chaos/sigterm.ts';
import { storm } from '../../chaos/storm.ts';
import type { Outcome, Verb } from '../../chaos/verb.ts';
import { notTested } from '../helpers/not-tested.ts';

const SEED = Number(process.env.LAUNCHPOOL_TEST_SEED ?? newSeed());

async function runShort(t: ExecutionContext, verb: Verb, overrides: Partial<Options>): Promise<Outcome['figures']> {
  t.timeout(5 * 60_000);
  const scope = await createScope();
  t.teardown(scope.end);
  const options = { ...readOptions([]), ...overrides };
  const { faults, figures } = await verb({ options, random: createRandom(SEED), scope, progress: () => undefined });
  t.deepEqual(faults, [], `seed ${SEED}`);
  t.log(JSON.stringify(figures));
  return figures;
}

// Serial, because each verb loads the whole machine. `slow` is ignored: it has no meaning on a shared machine.
test.serial('under load and disturbances, every request has one outcome, the right one', async (t) => {
  const { requests, fates } = await runShort(t, disturbedLoad, { minutes: 0.1 });
  t.true((requests as number) > 100);
  t.deepEqual(Object.keys(fates as object).slice(0, 3), ['main', 'raw', 'cramped']);
});

test.serial('an agent under load that gets SIGTERM answers the requests that it has read', async (t) => {
  t.is((await runShort(t, sigterm, { times: 3 })).times, 3);
});

test.serial('an agent under load reloads its module, and no call fails', async (t) => {
  t.is((await runShort(t, reloads, { times: 3 })).times, 3);
});

test.serial('a storm of connections is served', async (t) => {
  const { fates } = await runShort(t, storm, { connections: 300 });
  if (fates === undefined) notTested(t, 'a storm of connections requires more descriptors');
  else t.is((fates as Record<string, number>).result, 300);
});

test.serial('clients that call around an idle exit are answered', async (t) => {
  t.true(((await runShort(t, idleExit, { cycles: 5 })).lives as number) >= 5);
});
