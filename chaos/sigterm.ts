/** The verb `sigterm`: an agent under load gets SIGTERM. It answers the requests that it has read and exits in time. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { BUSY, holdAgent } from './agents.ts';
import { runFrameLoad } from './frame-load.ts';
import { createLedger } from './ledger.ts';
import { startLoad } from './load.ts';
import { stopInTime } from './stop-timeout.ts';
import type { Verb } from './verb.ts';

const DRAIN_S = 2;
const GRACE_S = 0.5;
/** The time limit of the shutdown: drain, grace period, end of the threads, and the report of the exit. */
const BUDGET_MS = (DRAIN_S + GRACE_S + 2 + 1) * 1_000;
/** A step that takes longer hangs. */
const TIMEOUT_MS = 120_000;
const MAX_PAUSE_MS = 150;

export const sigterm: Verb = async ({ options: { times }, random, scope, progress }) => {
  const flags = ['--idle', '0', '--drain', String(DRAIN_S), '--cancel-grace', String(GRACE_S), '--threads', '2'];
  // Installed agents use a compile cache too; it makes the next process start sooner.
  const env = { NODE_COMPILE_CACHE: join(scope.folder, 'compiled') };
  const held = await holdAgent(scope, { name: 'term', module: BUSY, flags, env });
  // Launchpool's own clients go on with the next process, so the only outcome allowed is a result.
  const ledger = createLedger();
  const load = startLoad({ held, ledger, random: random.fork(0), clients: 4, window: 16, kind: 'mixed' });
  let isOver = false;
  const frameLoads = [true, true, false].map((announce, index) =>
    runFrameLoad({ held, ledger, random: random.fork(1 + index), announce }, () => isOver),
  );
  const stopMs: number[] = [];
  const results = (): number => ledger.fates().result ?? 0;
  for (let nth = 1; nth <= times; nth += 1) {
    await within(held.reached('started', nth), `process ${nth} does not start`);
    // Waits for results: a process that is still loading has read nothing.
    const before = results();
    await within(
      poll(() => results() > before),
      `process ${nth} makes no progress`,
    );
    await wait(random.between(0, MAX_PAUSE_MS));
    const startedAt = performance.now();
    held.signal('SIGTERM');
    await within(Promise.race([held.reached('left', nth), held.reached('crashed', 1)]), `process ${nth} does not exit`);
    stopMs.push(performance.now() - startedAt);
    if (held.times('crashed') > 0) ledger.fault(`process ${nth} ended by ${held.last('crashed')?.status}`);
    progress(`${nth} of ${times} · ${ledger.sent} requests · ${ledger.faults().length} faults`);
    if (ledger.faults().length > 0) break;
  }
  isOver = true;
  await stopInTime([load.stop(), ...frameLoads], ledger.fault);
  await ledger.close(0);
  load.close();
  stopMs.sort((one, other) => one - other);
  const slowest = stopMs.at(-1) ?? 0;
  return {
    faults: ledger.faults(),
    slow: slowest > BUDGET_MS ? [`the shutdown took ${Math.round(slowest)} ms of at most ${BUDGET_MS}`] : [],
    figures: {
      times: stopMs.length,
      requests: ledger.sent,
      fates: ledger.fates(),
      stopMs: { p50: Math.round(stopMs[stopMs.length >> 1] ?? 0), max: Math.round(slowest), budget: BUDGET_MS },
    },
  };
};

async function within(promise: Promise<unknown>, message: string): Promise<void> {
  const timeout = Promise.withResolvers<never>();
  const timer = setTimeout(() => timeout.reject(new Error(message)), TIMEOUT_MS);
  await Promise.race([promise, timeout.promise]).finally(() => clearTimeout(timer));
}

/** Polls every millisecond; the caller limits the time. */
async function poll(isDone: () => boolean): Promise<void> {
  for (let checks = 0; !isDone() && checks < TIMEOUT_MS; checks += 1) await wait(1);
}
