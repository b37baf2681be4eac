/** Simulates M/G/k: requests in the order of their arrival, each by the first place that is free. */
import { createRandom, exponential } from './random.ts';
import type { ServiceTimes } from './service-times.ts';

export type QueueOptions = {
  /** Requests that arrive in a second, on average. */
  perSecond: number;
  times: Pick<ServiceTimes, 'draw'>;
  /** How many requests run at once. */
  places: number;
  /** How many requests are simulated, after as many as a tenth of them that do not count. */
  requests: number;
  seed: number;
};

export type QueueFigures = {
  meanWaitMs: number;
  /** Half of the interval of 95 % of the mean wait, from the means of batches. */
  meanWaitErrorMs: number;
  /** Of the time from the arrival to the reply. */
  p50Ms: number;
  p99Ms: number;
};

const BATCHES = 20;
/** Of Student's t with 19 degrees of freedom. */
const T_95 = 2.093;
const WARM_UP = 0.1;

export function simulate({ perSecond, times, places, requests, seed }: QueueOptions): QueueFigures {
  const random = createRandom(seed);
  const free = new FreeTimes(places);
  const responses = new Float64Array(requests);
  const batches = new Float64Array(BATCHES);
  const warmUp = Math.floor(requests * WARM_UP);
  let now = 0;
  for (let index = -warmUp; index < requests; index += 1) {
    now += exponential(random, 1000 / perSecond);
    const service = times.draw(random);
    const wait = Math.max(0, free.earliest - now);
    free.take(now + wait + service);
    if (index < 0) continue;
    responses[index] = wait + service;
    const batch = Math.floor((index * BATCHES) / requests);
    batches[batch] = (batches[batch] as number) + (wait * BATCHES) / requests;
  }
  responses.sort();
  const mean = batches.reduce((sum, each) => sum + each, 0) / BATCHES;
  const deviation = Math.sqrt(batches.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (BATCHES - 1));
  return {
    meanWaitMs: mean,
    meanWaitErrorMs: (T_95 * deviation) / Math.sqrt(BATCHES),
    p50Ms: quantile(responses, 0.5),
    p99Ms: quantile(responses, 0.99),
  };
}

export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number;
}

/** When each place is free, as a heap with the earliest first. */
class FreeTimes {
  readonly #heap: Float64Array;

  constructor(places: number) {
    this.#heap = new Float64Array(places);
  }

  get earliest(): number {
    return this.#heap[0] as number;
  }

  /** The earliest place is taken until then. */
  take(until: number): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child += 1;
      if ((heap[child] as number) >= until) break;
      heap[at] = heap[child] as number;
      at = child;
    }
    heap[at] = until;
  }
}
