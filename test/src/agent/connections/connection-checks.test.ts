/** The one timer that looks after all connections. */
import test from 'ava';
import {
  type Checkable,
  type ConnectionChecks,
  createConnectionChecks,
} from '../../../../src/agent/connections/connection-checks.ts';
import type { SlowClientReason } from '../../../../src/agent/connections/slow-client-timeout.ts';

const EVERY_MS = 5;

/** Looked at so often, and resolves then. */
function checked(times: number, lost?: SlowClientReason): Checkable & { done: Promise<void>; times: number[] } {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const seen: number[] = [];
  return {
    done,
    times: seen,
    check(now) {
      seen.push(now);
      if (seen.length < times) return undefined;
      resolve();
      return lost;
    },
  };
}

type Laid = { connections: Set<Checkable>; connectionChecks: ConnectionChecks; given: [Checkable, SlowClientReason][] };

function lay(): Laid {
  const connections = new Set<Checkable>();
  const given: [Checkable, SlowClientReason][] = [];
  const connectionChecks = createConnectionChecks({
    connections,
    everyMs: EVERY_MS,
    onLost: (each, lost) => given.push([each, lost]),
  });
  return { connections, connectionChecks, given };
}

/** The sweep's timer keeps nothing alive, so somebody else has to. */
async function awake<Result>(promise: Promise<Result>): Promise<Result> {
  const timer = setInterval(() => undefined, 1_000);
  return promise.finally(() => clearInterval(timer));
}

test('every connection is looked at again and again, on a clock that goes on', async (t) => {
  const { connections, connectionChecks } = lay();
  const [one, other] = [checked(3), checked(3)];
  connections.add(one).add(other);
  connectionChecks.start();
  connectionChecks.start();
  await awake(Promise.all([one.done, other.done]));
  connectionChecks.stop();
  t.deepEqual(one.times, other.times);
  t.true((one.times[0] as number) > 0);
  t.true(one.times.every((time, index) => index === 0 || time > (one.times[index - 1] as number)));
});

test('those that are lost are told of and counted', async (t) => {
  const { connections, connectionChecks, given } = lay();
  const [slow, unread, fine] = [checked(1, 'slow-frame'), checked(1, 'unread'), checked(2)];
  connections.add(slow).add(unread).add(fine);
  connectionChecks.start();
  await awake(Promise.all([slow.done, unread.done]));
  connections.delete(slow);
  connections.delete(unread);
  await awake(fine.done);
  connectionChecks.stop();
  t.deepEqual(given, [
    [slow, 'slow-frame'],
    [unread, 'unread'],
  ]);
  t.deepEqual(connectionChecks.counts, { 'slow-frame': 1, unread: 1 });
});

test('without connections nobody looks, until there are some again', async (t) => {
  let sweeps = 0;
  class Counted extends Set<Checkable> {
    override [Symbol.iterator](): SetIterator<Checkable> {
      sweeps += 1;
      return super[Symbol.iterator]();
    }
  }
  const connections = new Counted();
  const connectionChecks = createConnectionChecks({ connections, everyMs: EVERY_MS, onLost: () => undefined });
  connectionChecks.start();
  const timersOfTheSameLength = async (): Promise<void> => {
    for (let nth = 0; nth < 5; nth += 1) await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  };
  await timersOfTheSameLength();
  t.is(sweeps, 1);
  const each = checked(2);
  connections.add(each);
  connectionChecks.start();
  await awake(each.done);
  connectionChecks.stop();
  t.true(sweeps >= 3);
});

test('a process that was held up holds it against nobody', async (t) => {
  const { connections, connectionChecks } = lay();
  const each = checked(2);
  connections.add(each);
  connectionChecks.start();
  const end = performance.now() + 40 * EVERY_MS;
  while (performance.now() < end);
  await awake(each.done);
  connectionChecks.stop();
  t.true((each.times[0] as number) <= 2 * EVERY_MS);
});
