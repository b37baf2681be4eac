/** The verb `run`: clients of all kinds under load and disturbances. Each request must have one outcome, the right one. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findTool } from '../test/helpers/tools.ts';
import { BOUNDS, compareFigures, measureAgent } from './agent-figures.ts';
import { type AgentSet, holdAgentSet } from './agent-set.ts';
import type { HeldAgent } from './agents.ts';
import { countCrashes, crashFaults } from './crashes.ts';
import { createDisturber } from './disturbances.ts';
import { createFaultList } from './fault-list.ts';
import { checkAnswers, checkNotes, checkPython, waitForResults } from './final-checks.ts';
import { runFrameLoad } from './frame-load.ts';
import { FRAME_REQUESTS, type FrameLoadKind } from './frame-requests.ts';
import { createLedger, DISTURBANCE_ERRORS, type Ledger } from './ledger.ts';
import { type Load, type LoadOptions, startLoad } from './load.ts';
import { countNotifications, startNotifications } from './notification-load.ts';
import { startPython } from './python-load.ts';
import type { Random } from './random.ts';
import { STOP_TIMEOUT_MS, stopInTime } from './stop-timeout.ts';
import type { Verb } from './verb.ts';

const MAX_PAUSE_MS = 300;
const MAX_DISTURBANCES = 8;
/** The exit of an agent whose setup has failed, after a second without requests. */
const BROKEN_EXIT = 'exit status 66';

type Common = { ledger: Ledger; random: Random; isOver: () => boolean };

export const disturbedLoad: Verb = async ({ options: { minutes }, random, scope, progress }) => {
  const agents = await holdAgentSet(scope, random.fork(300));
  const { main, raw, cramped, disk, slow, changing } = agents;
  const skipped = [...agents.skipped];
  const faults = createFaultList();
  const notes = join(scope.folder, 'notes');
  const notificationNotes = join(scope.folder, 'notifications');
  writeFileSync(notes, '');
  writeFileSync(notificationNotes, '');
  const python3 = findTool('python3');
  if (python3 === undefined) skipped.push('a client in Python: no python3 on the PATH');
  const before = await measureAgent(main);
  if (disk !== undefined) await measureAgent(disk);
  // It must have loaded its module before that is damaged.
  await checkAnswers(changing, false, faults.add);

  const ledger = createLedger(DISTURBANCE_ERRORS);
  const endAt = performance.now() + minutes * 60_000;
  const common: Common = { ledger, random, isOver: () => performance.now() >= endAt };
  const python = python3 === undefined ? undefined : startPython(scope, python3, main, minutes * 60);
  const loads = startLoads(agents, { ledger, random, notes });
  const frameLoads = startFrameLoads(main, common);
  const notifications = [main, changing].map((held, nth) =>
    startNotifications({ held, random: random.fork(400 + nth), notes: notificationNotes }, common.isOver),
  );
  const disturber = createDisturber({ agents, ledger, random: random.fork(200) });
  const running = await disturb(
    () => disturber.disturb(),
    common,
    () => {
      const leftSeconds = Math.round((endAt - performance.now()) / 1000);
      progress(
        `${leftSeconds} s left · ${ledger.sent} requests, ${ledger.pending} open · ${ledger.faults().length} faults`,
      );
    },
  );

  // A busy machine may not give one in the time of a short run: most requests of a load have timeouts, and a setup may fail.
  const all = [main, raw, cramped, ...(disk === undefined ? [] : [disk]), slow, changing];
  await waitForResults(all, ledger, faults.add);
  const report = python?.report(STOP_TIMEOUT_MS);
  const ends = [
    ...loads.map((load) => load.stop()),
    ...frameLoads,
    ...notifications.map(({ done }) => done),
    ...running,
  ];
  await stopInTime(ends, faults.add);
  await ledger.close(0);
  for (const load of loads) load.close();
  const pythonReport = await report;
  if (python !== undefined) checkPython(pythonReport, faults.add);
  checkNotes(notes, faults.add);
  await Promise.all(all.map((held) => checkAnswers(held, held === raw, faults.add)));
  // The last notifications have run when the agents have answered.
  const counted = countNotifications(
    notificationNotes,
    notifications.flatMap(({ sent }) => sent),
  );
  for (const fault of counted.faults) faults.add(fault);
  const after = await measureAgent(main).catch((error: Error) => faults.add(`after the load: ${error.message}`));
  const comparison = after ? compareFigures(before, after) : { faults: [], slow: [] };
  for (const held of all) {
    for (const fault of crashFaults(held, held === slow ? BROKEN_EXIT : undefined)) faults.add(fault);
  }

  return {
    faults: [...ledger.faults(), ...faults.list(), ...comparison.faults],
    slow: comparison.slow,
    skipped,
    figures: {
      minutes,
      requests: ledger.sent,
      fates: Object.fromEntries(all.map(({ name }) => [name, ledger.fates(name)])),
      python: pythonReport,
      notifications: { sent: counted.sent, run: counted.run, unknown: counted.unknown },
      // The name in the results files.
      mischief: disturber.counts,
      processes: Object.fromEntries(
        all.map((held) => [
          held.name,
          { started: held.times('started'), left: held.times('left'), crashed: countCrashes(held) },
        ]),
      ),
      before,
      after,
      bounds: BOUNDS,
    },
  };
};

function startLoads(
  { main, raw, cramped, disk, slow, changing }: AgentSet,
  common: Pick<LoadOptions, 'ledger' | 'random' | 'notes'>,
): Load[] {
  const loads: Pick<LoadOptions, 'held' | 'clients' | 'window' | 'kind' | 'mayClose' | 'allowed'>[] = [
    { held: main, clients: 4, window: 32, kind: 'mixed' },
    { held: main, clients: 2, window: 8, kind: 'timed' },
    { held: main, clients: 2, window: 8, kind: 'cancelled' },
    { held: raw, clients: 2, window: 16, kind: 'raw' },
    { held: slow, clients: 2, window: 4, kind: 'timed', allowed: ['ERR_LAUNCHPOOL_MODULE_NOT_LOADED'] },
    { held: changing, clients: 2, window: 8, kind: 'mixed' },
    { held: cramped, clients: 2, window: 8, kind: 'mixed', mayClose: 'always' },
    ...(disk === undefined ? [] : [{ held: disk, clients: 2, window: 8, kind: 'mixed' } as const]),
  ];
  return loads.map((load, index) => {
    // The handler of `note` opens a file, which fails where descriptors are missing.
    const notes = load.held === cramped ? {} : { notes: common.notes };
    return startLoad({ ...load, ledger: common.ledger, random: common.random.fork(index), ...notes });
  });
}

/** Starts a client for each kind of frame load, with and without the announcement that it understands closing notices. */
function startFrameLoads(held: HeldAgent, { ledger, random, isOver }: Common): Promise<void>[] {
  return (Object.keys(FRAME_REQUESTS) as FrameLoadKind[]).flatMap((kind, nth) =>
    [false, true].map((announce, index) =>
      runFrameLoad({ held, ledger, random: random.fork(100 + 2 * nth + index), announce, kind }, isOver),
    ),
  );
}

/** Starts disturbances until the load is over. @returns those that still run. */
async function disturb(
  start: () => Promise<unknown>,
  { ledger, random, isOver }: Common,
  showProgress: () => void,
): Promise<ReadonlySet<Promise<unknown>>> {
  const running = new Set<Promise<unknown>>();
  while (!isOver()) {
    await wait(random.between(0, MAX_PAUSE_MS));
    if (running.size >= MAX_DISTURBANCES) continue;
    const disturbance = start().catch((error: Error) => ledger.fault(`a disturbance fails: ${error.stack}`));
    running.add(disturbance);
    disturbance.finally(() => running.delete(disturbance));
    showProgress();
  }
  return running;
}
