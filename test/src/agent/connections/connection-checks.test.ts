/** Connection checks: one timer for all connections. */
import test from 'ava';
import {
  type Checkable,
  type ConnectionChecks,
  createConnectionChecks,
} from '../../../../src/agent/connections/connection-checks.ts';
import type { SlowClientReason } from '../../../../src/agent/connections/slow-client-timeout.ts';

const EVERY_MS = 5;

/** A connection whose promise resolves after this many checks. */
function countingConnection(
  times: number,
  reason?: SlowClientReason,
): Checkable & { done: Promise<void>; times: number[] } {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  const seen: number[] = [];
  return {
    done,
    times: seen,
    check(now) {
      seen.push(now);
      if (seen.length < times) return undefined;
      resolve();
      return reason;
    },
  };
}

type Fixture = {
  connections: Set<Checkable>;
  connectionChecks: ConnectionChecks;
  slow: [Checkable, SlowClientReason][];
};

function setUp(): Fixture {
  const connections = new Set<Checkable>();
  const slow: [Checkable, SlowClientReason][] = [];
  const connectionChecks = createConnectionChecks({
    connections,
    everyMs: EVERY_MS,
    onSlow: (each, reason) => slow.push([each, reason]),
  });
  return { connections, connectionChecks, slow };
}

/** Keeps the process alive, since the timer of the checks does not. */
async function awake<Result>(promise: Promise<Result>): Promise<Result> {
  const timer = setInterval(() => undefined, 1_000);
  return promise.finally(() => clearInterval(timer));
}

test('every connection is checked repeatedly, with an increasing time', async (t) => {
  const { connections, connectionChecks } = setUp();
  const [one, other] = [countingConnection(3), countingConnection(3)];
  connections.add(one).add(other);
  connectionChecks.start();
  connectionChecks.start();
  await awake(Promise.all([one.done, other.done]));
  connectionChecks.stop();
  t.deepEqual(one.times, other.times);
  t.true((one.times[0] as number) > 0);
  t.true(one.times.every((time, index) => index === 0 || time > (one.times[index - 1] as number)));
});

test('slow clients are reported and counted', async (t) => {
  const { connections, connectionChecks, slow } = setUp();
  const [slowFrame, unread, fine] = [
    countingConnection(1, 'slow-frame'),
    countingConnection(1, 'unread'),
    countingConnection(2),
  ];
  connections.add(slowFrame).add(unread).add(fine);
  connectionChecks.start();
  await awake(Promise.all([slowFrame.done, unread.done]));
  connections.delete(slowFrame);
  connections.delete(unread);
  await awake(fine.done);
  connectionChecks.stop();
  t.deepEqual(slow, [
    [slowFrame, 'slow-frame'],
    [unread, 'unread'],
  ]);
  t.deepEqual(connectionChecks.counts, { 'slow-frame': 1, unread: 1 });
});

test('the timer stops without connections, and starts again with one', async (t) => {
  let rounds = 0;
  class Counted extends Set<Checkable> {
    override [Symbol.iterator](): SetIterator<Checkable> {
      rounds += 1;
      return super[Symbol.iterator]();
    }
  }
  const connections = new Counted();
  const connectionChecks = createConnectionChecks({ connections, everyMs: EVERY_MS, onSlow: () => undefined });
  connectionChecks.start();
  const afterFiveTimers = async (): Promise<void> => {
    for (let nth = 0; nth < 5; nth += 1) await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  };
  await afterFiveTimers();
  t.is(rounds, 1);
  const each = countingConnection(2);
  connections.add(each);
  connectionChecks.start();
  await awake(each.done);
  connectionChecks.stop();
  t.true(rounds >= 3);
});

test('the time of a blocked process does not count', async (t) => {
  const { connections, connectionChecks } = setUp();
  const each = countingConnection(2);
  connections.add(each);
  connectionChecks.start();
  const end = performance.now() + 40 * EVERY_MS;
  while (performance.now() < end);
  await awake(each.done);
  connectionChecks.stop();
  t.true((each.times[0] as number) <= 2 * EVERY_MS);
});
