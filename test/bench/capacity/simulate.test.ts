/** The simulation, beside queues whose waits are known exactly. The seeds are fixed: each run has the same numbers. */
import test from 'ava';
import { approximateWait, erlangC } from '../../../bench/capacity/queueing.ts';
import { gammaTimes } from '../../../bench/capacity/service-times.ts';
import { replay, type SimulateOptions, simulate } from '../../../bench/capacity/simulate.ts';

const MEAN_MS = 10;

function run(given: Partial<SimulateOptions> & { utilisation: number; cv?: number }) {
  const { utilisation, cv = 1, instances = 1, places = 1, ...rest } = given;
  const rate = (utilisation * instances * places) / MEAN_MS;
  const service = gammaTimes(MEAN_MS, cv);
  const common = { choice: 'central', seed: 7, requests: 50_000 } as const;
  return { rate, ...simulate({ ...common, rate, service, instances, places, ...rest }) };
}

const isNear = (value: number, exact: number, share: number): boolean => Math.abs(value / exact - 1) < share;

for (const utilisation of [0.5, 0.7, 0.8]) {
  test(`M/M/1 at ${utilisation}: mean and quantiles of wait and response`, (t) => {
    const { rate, wait, response } = run({ utilisation });
    const free = 1 / MEAN_MS - rate;
    t.true(isNear(wait.mean.value, utilisation / free, 0.03), String(wait.mean.value));
    t.true(isNear(wait.p99.value, Math.log(100 * utilisation) / free, 0.04), String(wait.p99.value));
    // The response of M/M/1 is exponentially distributed.
    t.true(isNear(response.mean.value, 1 / free, 0.02), String(response.mean.value));
    t.true(isNear(response.p50.value, Math.log(2) / free, 0.02), String(response.p50.value));
    t.true(isNear(response.p99.value, Math.log(100) / free, 0.04), String(response.p99.value));
  });
}

for (const [instances, places] of [
  [1, 4],
  [5, 2],
] as const) {
  test(`M/M/k with ${instances} instances of ${places} places`, (t) => {
    const { rate, wait } = run({ utilisation: 0.8, instances, places });
    const servers = instances * places;
    const waiting = erlangC(servers, rate * MEAN_MS);
    const free = servers / MEAN_MS - rate;
    t.true(isNear(wait.mean.value, waiting / free, 0.04), String(wait.mean.value));
    t.true(isNear(wait.p99.value, Math.log(100 * waiting) / free, 0.04), String(wait.p99.value));
  });
}

for (const cv of [0, 0.5, 2]) {
  test(`M/G/1 with a coefficient of variation of ${cv}: the mean wait of Pollaczek and Khinchine`, (t) => {
    const { rate, wait } = run({ utilisation: 0.7, cv });
    const exact = (rate * MEAN_MS ** 2 * (1 + cv ** 2)) / (2 * (1 - 0.7));
    t.true(isNear(wait.mean.value, exact, 0.04), `${wait.mean.value}, and not ${exact}`);
  });
}

test('a random choice is as many queues as there are instances', (t) => {
  const { wait } = run({ utilisation: 0.7, instances: 5, choice: 'random' });
  t.true(isNear(wait.mean.value, (0.7 * MEAN_MS) / 0.3, 0.05), String(wait.mean.value));
});

test('a common queue waits the shortest, and a random choice the longest', (t) => {
  const [central, shortest, client, random] = (['central', 'shortest', 'client', 'random'] as const).map(
    (choice) => run({ utilisation: 0.8, instances: 4, places: 2, choice, requests: 20_000 }).wait.mean.value,
  ) as [number, number, number, number];
  t.true(central < shortest && shortest < random / 2, `${central}, ${shortest}, ${random}`);
  t.true(central < client && client < random / 2, `${central}, ${client}, ${random}`);
});

test('the exact value lies in the interval, and the approximation is near it', (t) => {
  const { rate, wait } = run({ utilisation: 0.8, instances: 4, cv: 0.5 });
  const { meanMs } = approximateWait({ rate, meanMs: MEAN_MS, cv: 0.5, servers: 4 });
  t.true(isNear(wait.mean.value, meanMs, 0.1), `${wait.mean.value}, ${meanMs}`);
  t.true(wait.mean.plusMinus > 0 && wait.mean.plusMinus < wait.mean.value / 10);
});

test('a seed gives the same figures again, and another seed others', (t) => {
  const figures = (seed: number) => run({ utilisation: 0.7, seed, requests: 2_000 });
  t.deepEqual(figures(3), figures(3));
  t.notDeepEqual(figures(3), figures(4));
});

test('requests that there were are simulated with their own arrivals', (t) => {
  const load = { arrivals: [0, 1, 2, 3], services: [10, 10, 10, 2], unmeasured: 0 };
  const of = (choice: 'central' | 'shortest') => replay(load, { instances: 2, places: 1, choice, seed: 1 });
  // Two start at once, the third after 8 ms, the fourth after 8 ms where the second was.
  t.deepEqual(of('central'), { mean: (10 + 10 + 18 + 10) / 4, p50: 10, p99: 18 });
  t.deepEqual(of('shortest'), of('central'));
  const alone = replay({ ...load, unmeasured: 3 }, { instances: 1, places: 1, choice: 'central', seed: 1 });
  t.deepEqual(alone, { mean: 29, p50: 29, p99: 29 });
});
