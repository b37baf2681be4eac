/** The verb `soak`: a steady load on one agent. Memory, descriptors and threads must not grow. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { requestStatus } from '../src/control/client.ts';
import { BUSY, holdAgent } from './agents.ts';
import { createLedger } from './ledger.ts';
import { type LoadOptions, startLoad } from './load.ts';
import { mebibytes, readProcess } from './process-figures.ts';
import { RESULTS_FOLDER } from './results.ts';
import { slopeOf } from './slope.ts';
import { growthFaults, type SoakSample } from './soak-growth.ts';
import { stopInTime } from './stop-timeout.ts';
import type { Verb } from './verb.ts';

const SAMPLE_MS = 10_000;
/** Gives a run of a few minutes enough samples for a slope. */
const MIN_SAMPLES = 12;
const PACE_MS = 20;

export const soak: Verb = async ({ options: { minutes }, random, scope, progress }) => {
  const held = await holdAgent(scope, { name: 'soak', module: BUSY, flags: ['--idle', '0'] });
  // No thread dies or is replaced here, so the only errors allowed are those that requests provoke.
  const ledger = createLedger();
  const pace = (): Promise<unknown> => wait(random.between(0, 2 * PACE_MS));
  const common = { held, ledger, pace } as const;
  const kinds: Pick<LoadOptions, 'clients' | 'window' | 'kind'>[] = [
    { clients: 4, window: 4, kind: 'mixed' },
    { clients: 1, window: 2, kind: 'timed' },
    { clients: 1, window: 2, kind: 'cancelled' },
  ];
  const loads = kinds.map((kind, index) => startLoad({ ...common, ...kind, random: random.fork(index) }));
  const samples: SoakSample[] = [];
  const startedAt = performance.now();
  const totalMs = minutes * 60_000;
  const everyMs = Math.min(SAMPLE_MS, totalMs / MIN_SAMPLES);
  for (let nth = 1; nth * everyMs <= totalMs + 1; nth += 1) {
    await wait(Math.max(0, startedAt + nth * everyMs - performance.now()));
    const { memoryBytes, heapBytes = 0, threads } = await requestStatus(held.controlPath);
    const figures = readProcess(held.pid);
    samples.push({
      seconds: Math.round((performance.now() - startedAt) / 100) / 10,
      rssMiB: mebibytes(memoryBytes),
      heapMiB: mebibytes(heapBytes),
      descriptors: figures?.descriptors ?? 0,
      threads: figures?.threads ?? threads,
    });
    progress(`${Math.round((nth * everyMs) / 1000)} s · ${ledger.sent} requests · ${mebibytes(memoryBytes)} MiB`);
  }
  await stopInTime(
    loads.map((load) => load.stop()),
    ledger.fault,
  );
  await ledger.close(0);
  for (const load of loads) load.close();

  const later = samples.slice(Math.floor(samples.length / 2));
  const slope = slopeOf(later.map(({ seconds, rssMiB }) => ({ seconds, value: rssMiB })));
  const faults = [...ledger.faults(), ...growthFaults(slope, later)];
  if (held.times('started') !== 1) faults.push(`the agent was started ${held.times('started')} times`);
  await writeChart(samples);
  return {
    faults,
    figures: { minutes, requests: ledger.sent, fates: ledger.fates(), rssMiBPerHour: slope, samples },
  };
};

async function writeChart(samples: readonly SoakSample[]): Promise<void> {
  const { drawSoak } = await import('./soak-chart.ts');
  mkdirSync(RESULTS_FOLDER, { recursive: true });
  writeFileSync(join(RESULTS_FOLDER, 'soak.svg'), drawSoak(samples));
}
