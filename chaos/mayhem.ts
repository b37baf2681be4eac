/** Clients of all kinds and a mischief-maker: whatever happens, each request has one outcome, and the right one. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { askAgent } from '../src/install/ask-agent.ts';
import { findTool } from '../test/helpers/tools.ts';
import { createLedger, UNDER_FIRE } from './ledger.ts';
import { holdLineUp, type LineUp } from './line-up.ts';
import { type Load, type LoadOptions, startLoad } from './load.ts';
import { createMischief } from './mischief.ts';
import { runPlain } from './plain-load.ts';
import { type PythonReport, startPython } from './python-load.ts';
import { createFaults, type Verb } from './verb.ts';
import { BOUNDS, compareWarm, measureWarm } from './warm.ts';

/** Whatever is without an outcome so long after the end has none. */
const PATIENCE_MS = 30_000;
const MOST_PAUSE_MS = 300;
const MOST_DEEDS_AT_ONCE = 8;

function startLoads(
  { main, raw, cramped, disk }: LineUp,
  common: Pick<LoadOptions, 'ledger' | 'random' | 'notes'>,
): Load[] {
  const loads: Pick<LoadOptions, 'held' | 'clients' | 'window' | 'kind' | 'mayClose'>[] = [
    { held: main, clients: 4, window: 32, kind: 'mixed' },
    { held: main, clients: 2, window: 8, kind: 'timed' },
    { held: main, clients: 2, window: 8, kind: 'cancelled' },
    { held: raw, clients: 2, window: 16, kind: 'raw' },
    { held: cramped, clients: 2, window: 8, kind: 'mixed', mayClose: true },
    ...(disk === undefined ? [] : [{ held: disk, clients: 2, window: 8, kind: 'mixed' } as const]),
  ];
  return loads.map((load, index) => {
    // A handler that opens a file where there are no descriptors fails in a way of its own.
    const notes = load.held === cramped ? {} : { notes: common.notes };
    return startLoad({ ...load, ledger: common.ledger, random: common.random.fork(index), ...notes });
  });
}

export const mayhem: Verb = async ({ options: { minutes }, random, scope, progress }) => {
  const agents = await holdLineUp(scope);
  const { main, disk } = agents;
  const skipped = [...agents.skipped];
  const faults = createFaults();
  const notes = join(scope.folder, 'notes');
  writeFileSync(notes, '');
  const python3 = findTool('python3');
  if (python3 === undefined) skipped.push('a client in Python: there is no Python');
  const before = await measureWarm(main);
  if (disk !== undefined) await measureWarm(disk);

  const ledger = createLedger(UNDER_FIRE);
  const endAt = performance.now() + minutes * 60_000;
  const isOver = (): boolean => performance.now() >= endAt;
  const python = python3 === undefined ? undefined : startPython(scope, python3, main, minutes * 60);
  const loads = startLoads(agents, { ledger, random, notes });
  const plain = [false, true].map((announce, index) =>
    runPlain({ held: main, ledger, random: random.fork(100 + index), announce }, isOver),
  );
  const mischief = createMischief({ agents, ledger, random: random.fork(200) });
  const deeds = new Set<Promise<unknown>>();
  while (!isOver()) {
    await wait(random.between(0, MOST_PAUSE_MS));
    if (deeds.size >= MOST_DEEDS_AT_ONCE) continue;
    const deed = mischief.commit().catch((error: Error) => ledger.fault(`a deed fails: ${error.stack}`));
    deeds.add(deed);
    deed.finally(() => deeds.delete(deed));
    const left = Math.round((endAt - performance.now()) / 1000);
    progress(`${left} s to go · ${ledger.sent} requests, ${ledger.pending} open · ${ledger.faults().length} faults`);
  }

  const stopped = Promise.all([...loads.map((load) => load.stop()), ...plain, ...deeds]);
  const report = python?.report(PATIENCE_MS);
  await Promise.race([stopped, wait(PATIENCE_MS, undefined, { ref: false })]);
  await ledger.close(0);
  for (const load of loads) load.close();
  const fromPython = await report;
  if (python !== undefined) checkPython(fromPython, faults.add);
  checkNotes(notes, faults.add);
  const after = await measureWarm(main).catch(async (error: Error) => {
    const status = await askAgent(main.controlPath).catch(String);
    faults.add(`afterwards: ${error.message}; the agent says ${JSON.stringify(status)}`);
  });
  if (after) for (const worse of compareWarm(before, after)) faults.add(worse);

  const processes = Object.fromEntries(
    [agents.main, agents.raw, agents.cramped, ...(disk === undefined ? [] : [disk])].map(({ name, times, last }) => [
      name,
      { started: times('started'), left: times('left'), crashed: times('crashed'), how: last('crashed')?.status },
    ]),
  );
  return {
    faults: [...ledger.faults(), ...faults.list()],
    skipped,
    figures: {
      minutes,
      requests: ledger.sent,
      fates: ledger.fates(),
      python: fromPython,
      mischief: mischief.deeds,
      processes,
      before,
      after,
      bounds: BOUNDS,
    },
  };
};

function checkPython(report: PythonReport | undefined, fault: (what: string) => void): void {
  if (report === undefined) {
    fault('python: no outcome');
    return;
  }
  for (const each of report.faults) fault(`python: ${each}`);
  const settled = Object.values(report.fates).reduce((sum, count) => sum + count, 0);
  if (settled !== report.sent) fault(`python: ${report.sent} requests have ${settled} outcomes`);
  for (const fate of Object.keys(report.fates)) {
    const isKnown = fate === 'result' || fate === 'ERR_LAUNCHPOOL_CONNECTION_CLOSED' || UNDER_FIRE.includes(fate);
    if (!isKnown) fault(`python: ${fate}, for no reason`);
  }
}

/** Whatever was told of them: no request has been run twice. */
function checkNotes(file: string, fault: (what: string) => void): void {
  const seen = new Set<string>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line !== '' && seen.has(line)) fault(`${line} has been run twice`);
    seen.add(line);
  }
}
