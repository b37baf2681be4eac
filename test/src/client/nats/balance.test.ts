/** Which instance gets the next request. */
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { Balance, InstanceLoad, type Load } from '../../../../src/client/nats/balance.ts';

type Candidate = { name: string; load: InstanceLoad };
type World = { all: Candidate[]; balance: Balance };

/** Instances with as many places as are asked for. */
function worldOf(count: number): World {
  const balance = new Balance();
  const all = Array.from({ length: count }, (_, index) => ({ name: String(index), load: new InstanceLoad(balance) }));
  for (const { load } of all) load.grant(1_000_000);
  return { all, balance };
}

/** One request after another, each of which takes as long as its instance needs. */
function callInTurn({ all, balance }: World, calls: number, msOf: (name: string, call: number) => number) {
  const counts = new Map<string, number>(all.map(({ name }) => [name, 0]));
  let nowMs = 0;
  for (let call = 0; call < calls; call += 1) {
    const { name, load } = balance.choose(all, 'method', nowMs) as Candidate;
    const sent = load.sent('method', nowMs);
    nowMs += msOf(name, call);
    load.answered(sent, nowMs);
    load.ended(sent);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts.values()];
}

test('without any difference, instances take turns', (t) => {
  t.deepEqual(
    callInTurn(worldOf(5), 100, () => 2),
    [20, 20, 20, 20, 20],
  );
});

test('even work is shared within a tenth, though its times vary', (t) => {
  const counts = callInTurn(worldOf(5), 5_000, (_name, call) => 5 + ((call * 7_919) % 100) / 50);
  for (const count of counts) t.true(Math.abs(count - 1_000) < 100, String(counts));
});

test('a slow instance gets few requests, and is asked again from time to time', (t) => {
  const counts = callInTurn(worldOf(5), 20_000, (name) => (name === '0' ? 100 : 10));
  const [slow = 0, ...others] = counts;
  t.true(slow >= 3, String(counts));
  t.true(slow < 100, String(counts));
  for (const count of others) t.true(Math.abs(count - 5_000) < 500, String(counts));
});

test('an instance that has become fast again gets its share again', (t) => {
  const world = worldOf(2);
  callInTurn(world, 200, (name) => (name === '0' ? 50 : 5));
  const counts = callInTurn(world, 2_000, () => 5);
  t.true((counts[0] ?? 0) > 700, String(counts));
});

test('a first reply that takes long does not make its instance slow', (t) => {
  const counts = callInTurn(worldOf(2), 100, (_name, call) => (call === 0 ? 500 : 1));
  t.deepEqual(counts, [50, 50]);
});

test('an instance that does not reply is avoided before its first reply', (t) => {
  const world = worldOf(2);
  const { all, balance } = world;
  const [first, second] = all as [Candidate, Candidate];
  callInTurn(world, 100, () => 2);
  first.load.sent('method', 1_000);
  const other = second.load.sent('method', 1_000);
  second.load.sent('method', 1_499);
  // It has one open request less.
  t.is(balance.choose(all, 'method', 1_001), first);
  // After half a second, the first one has not replied, and the second one has.
  second.load.answered(other, 1_002);
  t.is(balance.choose(all, 'method', 1_500), second);
});

test('a method that takes long does not make its instance slow for others', (t) => {
  const { all, balance } = worldOf(2);
  const [a, b] = all as [Candidate, Candidate];
  const run = ({ load }: Candidate, method: string, ms: number): void => {
    const sent = load.sent(method, 0);
    load.answered(sent, ms);
    load.ended(sent);
  };
  for (let call = 0; call < 50; call += 1) {
    run(a, 'long', 1_000);
    run(b, 'short', 5);
  }
  const chosen = Array.from({ length: 10 }, () => balance.choose(all, 'short', 0));
  t.is(chosen.filter((each) => each === a).length, 5);
});

test('a stream that goes on is open, and says nothing of the speed', (t) => {
  const [{ load }] = worldOf(1).all as [Candidate];
  for (let call = 0; call < 3; call += 1) {
    const sent = load.sent('method', 0);
    load.answered(sent, 3);
    load.answered(sent, 60_000);
  }
  t.is(load.open, 3);
  t.is(load.oldestSilent, undefined);
  t.is(load.timeOf('method')?.ms, 3);
});

test('an instance without places is not chosen, unless this client has nothing there', (t) => {
  const { all, balance } = worldOf(2);
  const [first, second] = all as [Candidate, Candidate];
  const choose = () => balance.choose(all, 'method', 0);
  for (const { load } of all) load.grant(0);
  t.is(choose(), first);
  const sent = first.load.sent('method', 0);
  t.is(choose(), second);
  second.load.sent('method', 0);
  t.is(choose(), undefined);
  first.load.ended(sent);
  t.is(choose(), first);
  first.load.sent('method', 0);
  second.load.grant(3);
  t.is(choose(), second);
});

test('open requests and places are those of the requests without an end, in any order', (t) => {
  const property = fc.property(fc.array(fc.nat({ max: 5 }), { maxLength: 60 }), (steps) => {
    const [{ load }] = worldOf(1).all as [Candidate];
    const open: Load[] = [];
    load.grant(10);
    for (const [index, step] of steps.entries()) {
      const other = open[step];
      if (other === undefined) open.push(load.sent('m', index));
      else {
        if (step % 2 === 0) load.answered(other, index);
        load.ended(other);
        open.splice(step, 1);
      }
      t.is(load.open, open.length);
      t.is(load.hasPlace, open.length === 0 || open.length < 10);
    }
  });
  fc.assert(property);
});

/** Many clients, of which none knows what the others send. Times are exponential. @returns the latencies and the counts */
function simulate(
  speeds: readonly number[],
  clients: number,
  callsEach: number,
): { latencies: number[]; counts: number[] } {
  const places = 4;
  let seed = 42;
  const random = (): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return (seed + 1) / (2 ** 31 + 1);
  };
  const instances = speeds.map((ms) => ({ ms, running: 0, queue: [] as (() => void)[] }));
  const counts = speeds.map(() => 0);
  const latencies: number[] = [];
  const events: { atMs: number; run: () => void }[] = [];
  const at = (atMs: number, run: () => void): void => void events.push({ atMs, run });
  let nowMs = 0;
  const begin = (index: number, done: () => void): void => {
    const instance = instances[index] as (typeof instances)[number];
    instance.running += 1;
    at(nowMs - Math.log(random()) * instance.ms, () => {
      instance.running -= 1;
      done();
      instance.queue.shift()?.();
    });
  };
  for (let client = 0; client < clients; client += 1) {
    const balance = new Balance();
    const all = speeds.map((_, index) => ({ index, load: new InstanceLoad(balance) }));
    for (const { load } of all) load.grant(places);
    const order = [...all.slice(client % all.length), ...all.slice(0, client % all.length)];
    let left = callsEach;
    const next = (): void => {
      if (left === 0) return;
      left -= 1;
      const chosen = balance.choose(order, 'm', nowMs) as (typeof all)[number];
      const sent = chosen.load.sent('m', nowMs);
      const fromMs = nowMs;
      counts[chosen.index] = (counts[chosen.index] ?? 0) + 1;
      const start = (): void =>
        begin(chosen.index, () => {
          chosen.load.answered(sent, nowMs);
          chosen.load.ended(sent);
          latencies.push(nowMs - fromMs);
          at(nowMs - Math.log(random()) * 5, next);
        });
      const instance = instances[chosen.index] as (typeof instances)[number];
      if (instance.running < places) start();
      else instance.queue.push(start);
    };
    at(random() * 10, next);
  }
  while (events.length > 0) {
    let first = 0;
    for (const [index, { atMs }] of events.entries()) if (atMs < (events[first]?.atMs as number)) first = index;
    const [event] = events.splice(first, 1) as [(typeof events)[number]];
    nowMs = event.atMs;
    event.run();
  }
  return { latencies: latencies.sort((a, b) => a - b), counts };
}

const p99 = (sorted: readonly number[]): number => sorted[Math.floor(sorted.length * 0.99)] as number;

test('16 clients share even work evenly', (t) => {
  const { counts } = simulate([10, 10, 10, 10, 10], 16, 2_000);
  for (const count of counts) t.true(Math.abs(count - 6_400) < 640, String(counts));
});

for (const ms of [15, 30, 100, 1_000]) {
  test(`with one instance that takes ${ms} ms in place of 10, p99 is at most 1.5 of that of the other four alone`, (t: ExecutionContext) => {
    const alone = simulate([10, 10, 10, 10], 16, 4_000);
    const together = simulate([ms, 10, 10, 10, 10], 16, 4_000);
    t.log(
      `p99 ${p99(alone.latencies).toFixed(1)} ms alone, ${p99(together.latencies).toFixed(1)} ms; ${together.counts}`,
    );
    t.true(p99(together.latencies) <= 1.5 * p99(alone.latencies));
  });
}
