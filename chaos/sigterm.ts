/** An agent under load is told to leave, many times: what it has read is answered, and it goes within its time. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { BUSY, holdAgent } from './agents.ts';
import { createLedger } from './ledger.ts';
import { startLoad } from './load.ts';
import { runPlain } from './plain-load.ts';
import { hasStopped } from './timeouts.ts';
import type { Verb } from './verb.ts';

const DRAIN_S = 2;
const GRACE_S = 0.5;
/** What the agent may take: to drain, to warn its handlers, to end its threads, and to be heard of. */
const BUDGET_MS = (DRAIN_S + GRACE_S + 2 + 1) * 1_000;
/** Beyond, something hangs. */
const TIMEOUT_MS = 120_000;
const MAX_PAUSE_MS = 150;

export const sigterm: Verb = async ({ options: { times }, random, scope, progress }) => {
  const flags = ['--idle', '0', '--drain', String(DRAIN_S), '--cancel-grace', String(GRACE_S), '--threads', '2'];
  // As what is installed does: the next process is there the sooner.
  const env = { NODE_COMPILE_CACHE: join(scope.folder, 'compiled') };
  const held = await holdAgent(scope, { name: 'term', module: BUSY, flags, env });
  // Clients of launchpool hear nothing of it: nothing but results will do.
  const ledger = createLedger();
  const load = startLoad({ held, ledger, random: random.fork(0), clients: 4, window: 16, kind: 'mixed' });
  let over = false;
  const plain = [true, true, false].map((announce, index) =>
    runPlain({ held, ledger, random: random.fork(1 + index), announce }, () => over),
  );
  const stopMs: number[] = [];
  const results = (): number => ledger.fates().result ?? 0;
  for (let nth = 1; nth <= times; nth += 1) {
    await within(held.reached('started', nth), `there is no process ${nth}`);
    // Not before it works: a process that is only being loaded has read nothing.
    const before = results();
    await within(
      grown(() => results() > before),
      `process ${nth} does not get on`,
    );
    await wait(random.between(0, MAX_PAUSE_MS));
    const startedAt = performance.now();
    held.signal('SIGTERM');
    await within(
      Promise.race([held.reached('left', nth), held.reached('crashed', 1)]),
      `process ${nth} does not leave`,
    );
    stopMs.push(performance.now() - startedAt);
    if (held.times('crashed') > 0) ledger.fault(`process ${nth} has ended by ${held.last('crashed')?.status}`);
    progress(`${nth} of ${times} · ${ledger.sent} requests · ${ledger.faults().length} faults`);
    if (ledger.faults().length > 0) break;
  }
  over = true;
  await hasStopped([load.stop(), ...plain], ledger.fault);
  await ledger.close(0);
  load.close();
  stopMs.sort((one, other) => one - other);
  const slowest = stopMs.at(-1) ?? 0;
  return {
    faults: ledger.faults(),
    slow: slowest > BUDGET_MS ? [`it took ${Math.round(slowest)} ms to leave, and may take ${BUDGET_MS}`] : [],
    figures: {
      times: stopMs.length,
      requests: ledger.sent,
      fates: ledger.fates(),
      stopMs: { p50: Math.round(stopMs[stopMs.length >> 1] ?? 0), max: Math.round(slowest), budget: BUDGET_MS },
    },
  };
};

async function within(promise: Promise<unknown>, otherwise: string): Promise<void> {
  const timer = Promise.withResolvers<never>();
  const late = setTimeout(() => timer.reject(new Error(otherwise)), TIMEOUT_MS);
  await Promise.race([promise, timer.promise]).finally(() => clearTimeout(late));
}

/** Looks now and then; whoever waits for it has set a time. */
async function grown(isEnough: () => boolean): Promise<void> {
  for (let checks = 0; !isEnough() && checks < TIMEOUT_MS; checks += 1) await wait(1);
}
