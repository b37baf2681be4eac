/** The formulas of waits, beside values that are known. */
import test from 'ava';
import { approximateWait, erlangC } from '../../../bench/capacity/queueing.ts';

/** Erlang's formula C as it stands in textbooks, with factorials. */
function textbookErlangC(servers: number, load: number): number {
  let term = 1;
  let sum = 0;
  for (let count = 0; count < servers; count += 1) {
    sum += term;
    term *= load / (count + 1);
  }
  const waiting = (term * servers) / (servers - load);
  return waiting / (sum + waiting);
}

test('with one server, the share of requests that wait is the utilisation', (t) => {
  for (const load of [0.1, 0.5, 0.99]) t.true(Math.abs(erlangC(1, load) - load) < 1e-12);
});

test("Erlang's formula C is that of the textbooks", (t) => {
  t.true(Math.abs(erlangC(2, 1) - 1 / 3) < 1e-12);
  for (const servers of [1, 2, 5, 10, 40]) {
    for (const share of [0.05, 0.5, 0.8, 0.99]) {
      const load = servers * share;
      t.true(Math.abs(erlangC(servers, load) - textbookErlangC(servers, load)) < 1e-9, `${servers}, ${load}`);
    }
  }
});

test('thousands of servers overflow nothing', (t) => {
  const waiting = erlangC(5_000, 4_900);
  t.true(waiting > 0 && waiting < 1);
});

test('with one server, the mean wait is that of Pollaczek and Khinchine', (t) => {
  for (const cv of [0, 0.5, 1, 3]) {
    const [rate, meanMs] = [0.08, 10];
    const exact = (rate * (meanMs ** 2 * (1 + cv ** 2))) / (2 * (1 - rate * meanMs));
    t.true(Math.abs(approximateWait({ rate, meanMs, cv, servers: 1 }).meanMs - exact) < 1e-9);
  }
});

test('a load that the servers cannot serve has no end of waiting', (t) => {
  t.is(approximateWait({ rate: 0.2, meanMs: 10, cv: 1, servers: 2 }).meanMs, Number.POSITIVE_INFINITY);
});
