/** The simulation of M/G/k beside what queueing theory knows exactly, and its command line. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { erlangC, meanWaitMs } from '../../../bench/capacity/formulas.ts';
import { planInstances } from '../../../bench/capacity/instances.ts';
import { simulate } from '../../../bench/capacity/queue.ts';
import { createRandom, exponential, gamma } from '../../../bench/capacity/random.ts';
import { measuredTimes, parseTimes, timesOf } from '../../../bench/capacity/service-times.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const REQUESTS = 400_000;
const MAIN = new URL('../../../bench/capacity/main.ts', import.meta.url).pathname;

function isNear(found: number, expected: number, share: number): boolean {
  return Math.abs(found - expected) <= share * expected;
}

test('Erlang C has the values of its tables', (t) => {
  // One place: the probability that it is busy.
  t.true(isNear(erlangC(0.7, 1), 0.7, 1e-12));
  // Two places: 2 u² / (1 + u) at the utilisation u.
  t.true(isNear(erlangC(1.6, 2), (2 * 0.8 ** 2) / 1.8, 1e-12));
  t.true(isNear(erlangC(8, 10), 0.4092, 1e-3));
});

for (const [name, perSecond, variation, places] of [
  ['M/M/1', 70, 1, 1],
  ['M/M/4', 320, 1, 4],
  ['M/D/1', 70, 0, 1],
  ['M/G/1, variation 2', 50, 2, 1],
] as const) {
  test(`${name}: the simulated wait is that of the formula`, (t) => {
    const times = timesOf(10, variation);
    const { meanWaitMs: found, meanWaitErrorMs } = simulate({ perSecond, times, places, requests: REQUESTS, seed: 7 });
    const expected = meanWaitMs(perSecond, times, places);
    t.true(Math.abs(found - expected) < 2 * meanWaitErrorMs, `${found} ± ${meanWaitErrorMs}, expected ${expected}`);
    t.true(meanWaitErrorMs < 0.15 * expected);
  });
}

test('M/M/1: the quantiles of the response are those of its exponential distribution', (t) => {
  const times = timesOf(10, 1);
  const { p50Ms, p99Ms } = simulate({ perSecond: 50, times, places: 1, requests: REQUESTS, seed: 3 });
  // The rate is 100 - 50 in a second.
  t.true(isNear(p50Ms, 20 * Math.log(2), 0.05), String(p50Ms));
  t.true(isNear(p99Ms, 20 * Math.log(100), 0.08), String(p99Ms));
});

test('distributions have their mean and variation; the same seed gives the same numbers', (t) => {
  for (const variation of [0.5, 1, 2]) {
    const random = createRandom(1);
    const drawn = measuredTimes(Array.from({ length: 200_000 }, () => gamma(random, 5, variation)));
    t.true(isNear(drawn.meanMs, 5, 0.03), String(drawn.meanMs));
    t.true(isNear(drawn.variation, variation, 0.03), String(drawn.variation));
  }
  for (const none of [0, Number.MIN_VALUE, 1e-9]) t.is(gamma(createRandom(1), 5, none), 5);
  t.is(exponential(createRandom(9), 1), exponential(createRandom(9), 1));
  t.not(exponential(createRandom(9), 1), exponential(createRandom(10), 1));
});

test('more places never make the wait longer, and a plan has the first number that is enough', (t) => {
  fc.assert(
    fc.property(
      fc.record({
        perSecond: fc.integer({ min: 1, max: 500 }),
        meanMs: fc.integer({ min: 1, max: 100 }),
        variation: fc.double({ min: 0, max: 2, noNaN: true }),
        placesEach: fc.integer({ min: 1, max: 8 }),
        slack: fc.double({ min: 1, max: 3, noNaN: true }),
      }),
      ({ perSecond, meanMs, variation, placesEach, slack }) => {
        const times = timesOf(meanMs, variation);
        const alone = simulate({ perSecond: 1e-6, times, places: 1, requests: 2_000, seed: 1 }).p99Ms;
        const demand = { perSecond, times, placesEach, p99Ms: alone * slack, spare: 2, maxInstances: 200 };
        const { needed, rows } = planInstances({ ...demand, requests: 2_000, seed: 1 });
        t.deepEqual(rows.map(({ isEnough }) => isEnough).slice(0, -1), Array(rows.length - 1).fill(false));
        if (needed !== undefined) t.is(needed, (rows.at(-1)?.instances as number) + 2);
        for (const [index, row] of rows.entries()) {
          t.true(row.utilisation < 1);
          if (index > 0) t.true(row.meanWaitMs <= (rows[index - 1]?.meanWaitMs as number) + 1e-9);
        }
      },
    ),
    { numRuns: 50 },
  );
  t.pass();
});

test('a service that is too slow by itself, and times that are none, are errors', (t) => {
  const demand = { perSecond: 1, placesEach: 1, spare: 0, maxInstances: 10, requests: 2_000, seed: 1 };
  t.throws(() => planInstances({ ...demand, times: timesOf(10, 0), p99Ms: 5 }), { message: /no number of instances/ });
  t.throws(() => parseTimes(''), { message: /no service times/ });
  t.throws(() => parseTimes('1\n-2\n'), { message: /line 2 .* -2/ });
  t.throws(() => parseTimes('1\n\nslow\n'), { message: /line 3 .* slow/ });
  t.throws(() => parseTimes('0\n0'), { message: /all service times are 0/ });
  t.like(parseTimes('# ms\n1\n 3 \n'), { meanMs: 2, variation: 0.5 });
  fc.assert(
    fc.property(fc.string(), (text) => {
      try {
        t.true(parseTimes(text).meanMs > 0);
      } catch (error) {
        t.regex((error as Error).message, /^(line \d+ is not a time|there are no service times|all service times)/);
      }
    }),
  );
});

test('the command line prints a plan, or says what is wrong', async (t) => {
  const run = (...args: string[]): ReturnType<typeof runProgram> => runProgram([process.execPath, MAIN, ...args]);
  const plan = await run('--rate', '200', '--mean', '10', '--p99', '60', '--places', '2', '--requests', '20000');
  t.is(plan.status, 0, plan.stderr);
  t.regex(String(plan.stdout), /keep 2\.00 places busy; an instance has 2\./);
  t.regex(String(plan.stdout), /3 instances: 2 for a p99 of 60 ms, and 1 that may be gone/);
  const file = join(await tempDir(t), 'times.txt');
  await writeFile(file, '5\n5\n30\n');
  const json = await run('--rate', '10', '--times', file, '--p99', '100', '--requests', '5000', '--json');
  t.like(JSON.parse(String(json.stdout)), { needed: 2, rows: [{ instances: 1, isEnough: true }] });
  const few = await run('--rate', '1000', '--mean', '10', '--p99', '90', '--max', '3', '--requests', '2000');
  t.is(few.status, 1);
  t.regex(String(few.stdout), /3 instances are too few/);
  for (const [args, message] of [
    [[], /--rate is missing/],
    [['--rate', '-1', '--mean', '1', '--p99', '9'], /--rate/],
    [['--rate', '1', '--p99', '9'], /either --mean MS or --times FILE/],
    [['--rate', '1', '--mean', '1', '--p99', '9', '--requests', '10'], /fewer than 1000/],
    [['--rate', '1', '--times', join(file, 'none'), '--p99', '9'], /ENO/],
    [['--rate', '1', '--mean', '1', '--p99', '9', '--variation', '11'], /above 10/],
    [['--wrong'], /--wrong/],
  ] as const) {
    const { status, stderr } = await run(...args);
    t.is(status, 64, stderr);
    t.regex(stderr, message);
    t.notRegex(stderr, /\n\s+at /);
  }
  t.is((await run('--help')).status, 0);
});
