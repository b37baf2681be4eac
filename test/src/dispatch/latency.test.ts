/** Latency figures against exact quantiles, and over time. */
import test from 'ava';
import fc from 'fast-check';
import { type Clock, createLatency } from '../../../src/dispatch/latency.ts';

/** Half of the widest bucket, relative to its value. */
const TOLERANCE = 1 / 32;

type HandClock = Clock & { pass(ms: number): void };

/** A clock that advances only by hand. */
function handClock(): HandClock {
  let time = 1_000_000;
  let due: { at: number; call: () => void }[] = [];
  return {
    now: () => time,
    after: (ms, call) => void due.push({ at: time + ms, call }),
    pass(ms) {
      time += ms;
      const now = due.filter(({ at }) => at <= time);
      due = due.filter(({ at }) => at > time);
      for (const { call } of now) call();
    },
  };
}

/** The value that this share of the values does not exceed. */
function exact(values: readonly number[], share: number): number {
  return values.toSorted((a, b) => a - b)[Math.ceil(share * values.length) - 1] as number;
}

const near = (found: number, real: number): boolean => Math.abs(found - real) <= real * TOLERANCE;

test('quantiles are within half a bucket of the exact ones, and the maximum is exact', (t) => {
  const value = fc.double({ min: 0.001, max: 10_000_000, noNaN: true });
  const recorded = fc.array(fc.tuple(value, fc.integer({ min: 1, max: 50 })), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(recorded, (records) => {
      const latency = createLatency(handClock());
      for (const [ms, count] of records) latency.record(ms, count);
      const values = records.flatMap(([ms, count]) => Array<number>(count).fill(ms));
      const { count, p50, p99, max } = latency.read();
      return (
        count === values.length &&
        max === Math.max(...values) &&
        near(p50, exact(values, 0.5)) &&
        near(p99, exact(values, 0.99)) &&
        p50 <= p99 &&
        p99 <= max
      );
    }),
  );
  t.pass();
});

test('forgotten values are at least 50 seconds old, and no value is kept for over 60 seconds', (t) => {
  const step = fc.record({ wait: fc.integer({ min: 0, max: 25_000 }), count: fc.integer({ min: 1, max: 9 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const clock = handClock();
      const latency = createLatency(clock);
      const records: { at: number; count: number }[] = [];
      return steps.every(({ wait, count }) => {
        clock.pass(wait);
        latency.record(1, count);
        records.push({ at: clock.now(), count });
        const within = (ms: number): number =>
          records.filter(({ at }) => clock.now() - at < ms).reduce((sum, each) => sum + each.count, 0);
        const found = latency.read().count;
        return within(50_000) <= found && found <= within(60_000);
      });
    }),
  );
  t.pass();
});

test('all figures are 0 without recorded values, and after all are forgotten', (t) => {
  const nothing = { count: 0, p50: 0, p99: 0, max: 0 };
  const clock = handClock();
  const latency = createLatency(clock);
  t.deepEqual(latency.read(), nothing);
  latency.record(5);
  t.like(latency.read(), { count: 1, max: 5 });
  clock.pass(60_000);
  t.deepEqual(latency.read(), nothing);
  for (let parts = 0; parts < 6; parts += 1) {
    latency.record(1);
    clock.pass(10_000);
  }
  t.like(latency.read(), { count: 5, max: 1 });
});

test('values that no clock yields are counted, and change no other figure', (t) => {
  const latency = createLatency(handClock());
  for (const ms of [Number.NaN, -1, 0, Number.MIN_VALUE, 1e-9]) latency.record(ms);
  t.is(latency.read().count, 5);
  t.is(latency.read().max, 1e-9);
  latency.record(1e300);
  t.like(latency.read(), { count: 6, max: 1e300 });
  t.true(latency.read().p50 < 0.002);
});

test('with the clock of the process, recorded values are read and nothing keeps the process alive', (t) => {
  const latency = createLatency();
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  latency.record(2, 3);
  t.like(latency.read(), { count: 3, max: 2 });
  t.is(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length, before);
});
