/** Clients of all kinds and a mischief-maker: whatever happens, each request has one outcome, and the right one. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findTool } from '../test/helpers/tools.ts';
import { checkAnswers, checkNotes, checkPython } from './afterwards.ts';
import { countCrashes, crashFaults } from './crashes.ts';
import { createLedger, UNDER_FIRE } from './ledger.ts';
import { holdLineUp, type LineUp } from './line-up.ts';
import { type Load, type LoadOptions, startLoad } from './load.ts';
import { createMischief } from './mischief.ts';
import { runPlain } from './plain-load.ts';
import { PLAIN_QUESTIONS, type PlainKind } from './plain-questions.ts';
import { startPython } from './python-load.ts';
import { hasStopped, TIMEOUT_MS } from './timeouts.ts';
import { createFaults, type Verb } from './verb.ts';
import { BOUNDS, compareWarm, measureWarm } from './warm.ts';

const MAX_PAUSE_MS = 300;
const MAX_DEEDS_AT_ONCE = 8;

function startLoads(
  { main, raw, cramped, disk }: LineUp,
  common: Pick<LoadOptions, 'ledger' | 'random' | 'notes'>,
): Load[] {
  const loads: Pick<LoadOptions, 'held' | 'clients' | 'window' | 'kind' | 'mayClose'>[] = [
    { held: main, clients: 4, window: 32, kind: 'mixed' },
    { held: main, clients: 2, window: 8, kind: 'timed' },
    { held: main, clients: 2, window: 8, kind: 'cancelled' },
    { held: raw, clients: 2, window: 16, kind: 'raw' },
    { held: cramped, clients: 2, window: 8, kind: 'mixed', mayClose: 'ever' },
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
  const { main, raw, cramped, disk } = agents;
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
  const plain = (Object.keys(PLAIN_QUESTIONS) as PlainKind[]).flatMap((kind, nth) =>
    [false, true].map((announce, index) =>
      runPlain({ held: main, ledger, random: random.fork(100 + 2 * nth + index), announce, kind }, isOver),
    ),
  );
  const mischief = createMischief({ agents, ledger, random: random.fork(200) });
  const deeds = new Set<Promise<unknown>>();
  while (!isOver()) {
    await wait(random.between(0, MAX_PAUSE_MS));
    if (deeds.size >= MAX_DEEDS_AT_ONCE) continue;
    const deed = mischief.commit().catch((error: Error) => ledger.fault(`a deed fails: ${error.stack}`));
    deeds.add(deed);
    deed.finally(() => deeds.delete(deed));
    const left = Math.round((endAt - performance.now()) / 1000);
    progress(`${left} s to go · ${ledger.sent} requests, ${ledger.pending} open · ${ledger.faults().length} faults`);
  }

  const report = python?.report(TIMEOUT_MS);
  await hasStopped([...loads.map((load) => load.stop()), ...plain, ...deeds], faults.add);
  await ledger.close(0);
  for (const load of loads) load.close();
  const fromPython = await report;
  if (python !== undefined) checkPython(fromPython, faults.add);
  checkNotes(notes, faults.add);
  const all = [main, raw, cramped, ...(disk === undefined ? [] : [disk])];
  await Promise.all(all.map((held) => checkAnswers(held, held === raw, faults.add)));
  const after = await measureWarm(main).catch((error: Error) => faults.add(`afterwards: ${error.message}`));
  const worse = after ? compareWarm(before, after) : { faults: [], slow: [] };
  for (const held of all) {
    if (ledger.fates(held.name).result === undefined) faults.add(`${held.name}: nobody has got a result`);
    for (const fault of crashFaults(held)) faults.add(fault);
  }

  return {
    faults: [...ledger.faults(), ...faults.list(), ...worse.faults],
    slow: worse.slow,
    skipped,
    figures: {
      minutes,
      requests: ledger.sent,
      fates: Object.fromEntries(all.map(({ name }) => [name, ledger.fates(name)])),
      python: fromPython,
      mischief: mischief.deeds,
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
