/** Growth with each reload is a fault; fluctuation is not. */
import test from 'ava';
import { type ReloadSample, reloadFaults } from '../../chaos/reload-growth.ts';

const samples = (count: number, of: (nth: number) => Partial<ReloadSample>): ReloadSample[] =>
  Array.from({ length: count }, (_unused, nth) => ({ rssMiB: 100, descriptors: 30, threads: 12, ...of(nth) }));

test('level and fluctuating figures are no faults', (t) => {
  t.deepEqual(reloadFaults(samples(3, () => ({}))), []);
  t.deepEqual(
    reloadFaults(
      samples(60, (nth) => ({ rssMiB: 100 + (nth % 5), descriptors: 30 + (nth % 3), threads: 12 + (nth % 2) })),
    ),
    [],
  );
});

test('more threads are a fault, and so are more than a few descriptors', (t) => {
  t.deepEqual(reloadFaults(samples(3, (nth) => ({ threads: 12 + nth }))), ['threads: 12 → 14']);
  t.deepEqual(reloadFaults(samples(10, (nth) => ({ descriptors: 30 + nth }))), ['descriptors: 34 → 39']);
});

test('growing memory is a fault with enough samples', (t) => {
  t.deepEqual(reloadFaults(samples(60, (nth) => ({ rssMiB: 100 + nth }))), [
    'memory grows by 1.00 ± 0.00 MiB with each reload',
  ]);
  t.deepEqual(reloadFaults(samples(20, (nth) => ({ rssMiB: 100 + nth }))), []);
  t.deepEqual(reloadFaults(samples(60, (nth) => ({ rssMiB: 100 - nth }))), []);
});
