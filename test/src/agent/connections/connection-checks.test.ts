/** The one timer that looks after all connections. */
import test from 'ava';
import { createSweep, type Sweep, type Swept } from '../../../../src/agent/connections/connection-checks.ts';
import type { Lost } from '../../../../src/agent/connections/slow-client-timeout.ts';

const EVERY_MS = 5;

/** Looked at so often, and resolves then. */
function looked(times: number, lost?: Lost): Swept & { done: Promise<void>; times: number[] } {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const seen: number[] = [];
  return {
    done,
    times: seen,
    look(now) {
      seen.push(now);
      if (seen.length < times) return undefined;
      resolve();
      return lost;
    },
  };
}

type Laid = { connections: Set<Swept>; sweep: Sweep; given: [Swept, Lost][] };

function lay(): Laid {
  const connections = new Set<Swept>();
  const given: [Swept, Lost][] = [];
  const sweep = createSweep({ connections, everyMs: EVERY_MS, onLost: (each, lost) => given.push([each, lost]) });
  return { connections, sweep, given };
}

/** The sweep's timer keeps nothing alive, so somebody else has to. */
async function awake<Result>(promise: Promise<Result>): Promise<Result> {
  const timer = setInterval(() => undefined, 1_000);
  return promise.finally(() => clearInterval(timer));
}

test('every connection is looked at again and again, on a clock that goes on', async (t) => {
  const { connections, sweep } = lay();
  const [one, other] = [looked(3), looked(3)];
  connections.add(one).add(other);
  sweep.start();
  sweep.start();
  await awake(Promise.all([one.done, other.done]));
  sweep.stop();
  t.deepEqual(one.times, other.times);
  t.true((one.times[0] as number) > 0);
  t.true(one.times.every((time, index) => index === 0 || time > (one.times[index - 1] as number)));
});

test('those that are lost are told of and counted', async (t) => {
  const { connections, sweep, given } = lay();
  const [slow, unread, fine] = [looked(1, 'slow-frame'), looked(1, 'unread'), looked(2)];
  connections.add(slow).add(unread).add(fine);
  sweep.start();
  await awake(Promise.all([slow.done, unread.done]));
  connections.delete(slow);
  connections.delete(unread);
  await awake(fine.done);
  sweep.stop();
  t.deepEqual(given, [
    [slow, 'slow-frame'],
    [unread, 'unread'],
  ]);
  t.deepEqual(sweep.counts, { 'slow-frame': 1, unread: 1 });
});

test('without connections nobody looks, until there are some again', async (t) => {
  let sweeps = 0;
  class Counted extends Set<Swept> {
    override [Symbol.iterator](): SetIterator<Swept> {
      sweeps += 1;
      return super[Symbol.iterator]();
    }
  }
  const connections = new Counted();
  const sweep = createSweep({ connections, everyMs: EVERY_MS, onLost: () => undefined });
  sweep.start();
  const timersOfTheSameLength = async (): Promise<void> => {
    for (let nth = 0; nth < 5; nth += 1) await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  };
  await timersOfTheSameLength();
  t.is(sweeps, 1);
  const each = looked(2);
  connections.add(each);
  sweep.start();
  await awake(each.done);
  sweep.stop();
  t.true(sweeps >= 3);
});

test('a process that was held up holds it against nobody', async (t) => {
  const { connections, sweep } = lay();
  const each = looked(2);
  connections.add(each);
  sweep.start();
  const end = performance.now() + 40 * EVERY_MS;
  while (performance.now() < end);
  await awake(each.done);
  sweep.stop();
  t.true((each.times[0] as number) <= 2 * EVERY_MS);
});
