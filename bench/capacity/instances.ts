/** How many instances a load needs. */
import { meanWaitMs } from './formulas.ts';
import { type QueueFigures, simulate } from './queue.ts';
import type { ServiceTimes } from './service-times.ts';

export type Demand = {
  perSecond: number;
  times: ServiceTimes;
  /** The requests that one instance runs at once: its threads, by `--concurrency` for handlers that wait. */
  placesEach: number;
  /** The longest p99 from the call to the reply. */
  p99Ms: number;
  /** How many instances may fail or leave at once. */
  spare: number;
  maxInstances: number;
  requests: number;
  seed: number;
};

export type Row = QueueFigures & {
  instances: number;
  /** Of the places, from 0 to 1. */
  utilisation: number;
  formulaWaitMs: number;
  isEnough: boolean;
};

export type Plan = {
  /** With the spare ones; undefined if even the highest number is too few. */
  needed: number | undefined;
  /** From the smallest number that keeps up with the load to the first that is enough. */
  rows: Row[];
};

/** @throws Error if no number of instances can be enough */
export function planInstances(demand: Demand): Plan {
  const { perSecond, times, placesEach, p99Ms, spare, maxInstances, requests, seed } = demand;
  const alone = simulate({ perSecond: 1e-6, times, places: 1, requests: Math.min(requests, 100_000), seed });
  if (alone.p99Ms > p99Ms) {
    const text = `the p99 of the service times alone is ${alone.p99Ms.toPrecision(3)} ms: no number of instances brings it to ${p99Ms} ms`;
    throw new Error(text);
  }
  const load = (perSecond * times.meanMs) / 1000;
  const rows: Row[] = [];
  for (let instances = Math.floor(load / placesEach) + 1; instances <= maxInstances; instances += 1) {
    const places = instances * placesEach;
    const figures = simulate({ perSecond, times, places, requests, seed });
    const isEnough = figures.p99Ms <= p99Ms;
    const formulaWaitMs = meanWaitMs(perSecond, times, places);
    rows.push({ instances, utilisation: load / places, formulaWaitMs, ...figures, isEnough });
    if (isEnough) return { needed: instances + spare, rows };
  }
  return { needed: undefined, rows };
}
