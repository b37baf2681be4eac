/** A steady load on one agent for long: whether its memory, its descriptors or its threads grow. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { requestStatus } from '../src/control/client.ts';
import { BUSY, holdAgent } from './agents.ts';
import { createLedger } from './ledger.ts';
import { type LoadOptions, startLoad } from './load.ts';
import { mebibytes, readProcess } from './process-figures.ts';
import { RESULTS_FOLDER } from './results.ts';
import { isLevel, type Slope, slopeOf } from './slope.ts';
import { hasStopped } from './timeouts.ts';
import type { Verb } from './verb.ts';

export type SoakSample = { seconds: number; rssMiB: number; heapMiB: number; descriptors: number; threads: number };

const SAMPLE_MS = 10_000;
/** A run of some minutes has samples enough for a slope all the same. */
const MIN_SAMPLES = 12;
const PACE_MS = 20;
const NEGLIGIBLE_MIB_PER_HOUR = 1;
/** Connections come and go; what grows with time goes over it. */
const DESCRIPTORS_MORE = 4;

export const soak: Verb = async ({ options: { minutes }, random, scope, progress }) => {
  const held = await holdAgent(scope, { name: 'soak', module: BUSY, flags: ['--idle', '0'] });
  // Threads neither die nor are replaced here, so the only errors are those that were asked for.
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
  await hasStopped(
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

export function growthFaults(slope: Slope | undefined, later: readonly SoakSample[]): string[] {
  const faults: string[] = [];
  if (slope === undefined) faults.push('there are too few samples for a slope');
  else if (slope.perHour > 0 && !isLevel(slope, NEGLIGIBLE_MIB_PER_HOUR)) {
    faults.push(`memory grows by ${slope.perHour.toFixed(2)} ± ${slope.standardError.toFixed(2)} MiB an hour`);
  }
  const [first, last] = [later[0], later.at(-1)];
  if (first && last && last.descriptors > first.descriptors + DESCRIPTORS_MORE) {
    faults.push(`descriptors: ${first.descriptors} → ${last.descriptors}`);
  }
  // The pool starts threads and ends them with the load, so one sample more or less says nothing.
  const middle = Math.ceil(later.length / 2);
  const max = Math.max(...later.slice(0, middle).map(({ threads }) => threads));
  const min = Math.min(...later.slice(middle).map(({ threads }) => threads));
  if (later.length > middle && min > max) faults.push(`threads: ${max} at the most → ${min} at the least`);
  return faults;
}

async function writeChart(samples: readonly SoakSample[]): Promise<void> {
  const { drawSoak } = await import('./soak-chart.ts');
  mkdirSync(RESULTS_FOLDER, { recursive: true });
  writeFileSync(join(RESULTS_FOLDER, 'soak.svg'), drawSoak(samples));
}
