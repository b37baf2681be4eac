/** What grows with each reload is found, and what goes up and down is not. */
import test from 'ava';
import { type ReloadSample, reloadFaults } from '../../chaos/reload-growth.ts';

const samples = (count: number, of: (nth: number) => Partial<ReloadSample>): ReloadSample[] =>
  Array.from({ length: count }, (_unused, nth) => ({ rssMiB: 100, descriptors: 30, threads: 12, ...of(nth) }));

test('what is level, or goes up and down, is none', (t) => {
  t.deepEqual(reloadFaults(samples(3, () => ({}))), []);
  t.deepEqual(
    reloadFaults(
      samples(60, (nth) => ({ rssMiB: 100 + (nth % 5), descriptors: 30 + (nth % 3), threads: 12 + (nth % 2) })),
    ),
    [],
  );
});

test('threads are, and descriptors beyond a few', (t) => {
  t.deepEqual(reloadFaults(samples(3, (nth) => ({ threads: 12 + nth }))), ['threads: 12 → 14']);
  t.deepEqual(reloadFaults(samples(10, (nth) => ({ descriptors: 30 + nth }))), ['descriptors: 34 → 39']);
});

test('memory is, if it grows for long enough', (t) => {
  t.deepEqual(reloadFaults(samples(60, (nth) => ({ rssMiB: 100 + nth }))), [
    'memory grows by 1.00 ± 0.00 MiB with each reload',
  ]);
  t.deepEqual(reloadFaults(samples(20, (nth) => ({ rssMiB: 100 + nth }))), []);
  t.deepEqual(reloadFaults(samples(60, (nth) => ({ rssMiB: 100 - nth }))), []);
});
