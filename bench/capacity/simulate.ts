/**
 * Simulates the instances of a service under Poisson arrivals, request by request. Exact up to the noise of the random
 * numbers: for requests that are served in their order, the start of each follows from the starts before it.
 */
import { createClientChoice } from './client-choice.ts';
import { createRandom, exponential } from './random.ts';
import { quantileOf, type ServiceTimes } from './service-times.ts';

/**
 * Where a request goes. `central`: all wait in one queue, as in M/G/k. `shortest`: to the instance with the fewest open requests,
 * and waits there. `client`: as launchpool's client chooses, which also measures how fast each instance is, and waits there.
 * `random`: to any instance, and waits there, as in a queue group of NATS.
 */
export type Choice = 'central' | 'shortest' | 'client' | 'random';
export const CHOICES: readonly Choice[] = ['central', 'shortest', 'client', 'random'];

export type SimulateOptions = {
  /** Requests a millisecond. */
  rate: number;
  service: ServiceTimes;
  instances: number;
  /** Requests that one instance serves at once. */
  places: number;
  choice: Choice;
  seed: number;
  /** Measured requests of each replication. A quarter as many come before them, unmeasured, to fill the queues. */
  requests: number;
};

/** The mean over the replications, and half of the interval of 95 %. */
export type Estimate = { value: number; plusMinus: number };

export type Times = { mean: Estimate; p50: Estimate; p99: Estimate };

export type Simulated = { wait: Times; response: Times };

const REPLICATIONS = 10;
/** Student's t for 95 % and nine degrees of freedom. */
const STUDENT = 2.262;
const WARM_UP_SHARE = 0.25;

export function simulate(options: SimulateOptions): Simulated {
  const runs = Array.from({ length: REPLICATIONS }, (_unused, replication) => simulateOnce(options, replication));
  const over = (kind: keyof Simulated): Times => ({
    mean: estimateOf(runs.map((run) => run[kind].mean)),
    p50: estimateOf(runs.map((run) => run[kind].p50)),
    p99: estimateOf(runs.map((run) => run[kind].p99)),
  });
  return { wait: over('wait'), response: over('response') };
}

export type Figures = Record<'mean' | 'p50' | 'p99', number>;

/**
 * Simulates requests that there were: with their arrivals, and with the service times that they had.
 * @param arrivals in ascending order.
 * @param unmeasured so many requests at the beginning do not count.
 * @returns the times of the responses.
 */
export function replay(
  { arrivals, services, unmeasured }: { arrivals: readonly number[]; services: readonly number[]; unmeasured: number },
  options: Pick<SimulateOptions, 'instances' | 'places' | 'choice' | 'seed'>,
): Figures {
  const queues = createQueues(options, createRandom(options.seed));
  const responses = arrivals.map((arrival, index) => {
    const ms = services[index] as number;
    return queues.start(arrival, ms) + ms - arrival;
  });
  return figuresOf(Float64Array.from(responses.slice(unmeasured)));
}

/** Arrivals and service times do not depend on the instances, so that their numbers are compared under the same load. */
function simulateOnce(options: SimulateOptions, replication: number): { wait: Figures; response: Figures } {
  const { rate, service, seed, requests } = options;
  const [arrivals, services, choices] = [1, 2, 3].map((stream) => createRandom(seed, 10 * replication + stream));
  const queues = createQueues(options, choices as () => number);
  const waits = new Float64Array(requests);
  const responses = new Float64Array(requests);
  const unmeasured = Math.ceil(requests * WARM_UP_SHARE);
  let now = 0;
  for (let index = -unmeasured; index < requests; index += 1) {
    now += exponential(arrivals as () => number) / rate;
    const serviceMs = service.sample(services as () => number);
    const waitMs = queues.start(now, serviceMs) - now;
    if (index < 0) continue;
    waits[index] = waitMs;
    responses[index] = waitMs + serviceMs;
  }
  return { wait: figuresOf(waits), response: figuresOf(responses) };
}

function createQueues(
  { instances, places, choice }: Pick<SimulateOptions, 'instances' | 'places' | 'choice'>,
  random: () => number,
) {
  if (choice === 'central') return new Instance(instances * places);
  const all = Array.from({ length: instances }, () => new Instance(places, choice === 'shortest'));
  if (choice === 'client') return createClientChoice(all);
  if (choice === 'random') {
    return { start: (now: number, ms: number) => (all[Math.floor(random() * instances)] as Instance).start(now, ms) };
  }
  let started = 0;
  return {
    start(now: number, ms: number): number {
      let best = all[0] as Instance;
      let fewest = Number.POSITIVE_INFINITY;
      for (const each of all) {
        const open = each.openAt(now);
        // Among equals, the one whose turn was the longest ago.
        if (open > fewest || (open === fewest && each.lastStart >= best.lastStart)) continue;
        best = each;
        fewest = open;
      }
      started += 1;
      best.lastStart = started;
      return best.start(now, ms);
    },
  };
}

/** Some servers with one queue before them. */
class Instance {
  /** When each server is free. */
  readonly #free: Heap;
  /** When each open request ends; undefined if it is not asked for. */
  readonly #ends: Heap | undefined;
  lastStart = 0;

  constructor(servers: number, countsOpen = false) {
    this.#free = new Heap(new Array<number>(servers).fill(0));
    this.#ends = countsOpen ? new Heap() : undefined;
  }

  /** @returns when the request starts that arrives now. */
  start(now: number, ms: number): number {
    const start = Math.max(now, this.#free.first);
    this.#free.replaceFirst(start + ms);
    this.#ends?.add(start + ms);
    return start;
  }

  openAt(now: number): number {
    const ends = this.#ends as Heap;
    while (ends.size > 0 && ends.first <= now) ends.removeFirst();
    return ends.size;
  }
}

/** A binary heap with the smallest number first. */
class Heap {
  readonly #items: number[];

  constructor(equal: number[] = []) {
    this.#items = equal;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): number {
    return this.#items[0] as number;
  }

  add(value: number): void {
    const items = this.#items;
    let at = items.push(value) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if ((items[parent] as number) <= value) break;
      items[at] = items[parent] as number;
      at = parent;
    }
    items[at] = value;
  }

  replaceFirst(value: number): void {
    const items = this.#items;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && (items[child + 1] as number) < (items[child] as number)) child += 1;
      if ((items[child] as number) >= value) break;
      items[at] = items[child] as number;
      at = child;
    }
    items[at] = value;
  }

  removeFirst(): void {
    const last = this.#items.pop() as number;
    if (this.#items.length > 0) this.replaceFirst(last);
  }
}

/** Sorts the times; there is at least one. */
export function figuresOf(times: Float64Array): Figures {
  const mean = times.reduce((sum, each) => sum + each, 0) / times.length;
  times.sort();
  return { mean, p50: quantileOf(times, 0.5), p99: quantileOf(times, 0.99) };
}

function estimateOf(values: readonly number[]): Estimate {
  const value = values.reduce((sum, each) => sum + each, 0) / values.length;
  const variance = values.reduce((sum, each) => sum + (each - value) ** 2, 0) / (values.length - 1);
  return { value, plusMinus: STUDENT * Math.sqrt(variance / values.length) };
}
