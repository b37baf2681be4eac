/** Many lives of an agent that leaves as soon as it is idle, with clients that knock around the ends of these. */
import { setTimeout as wait } from 'node:timers/promises';
import { connectRaw, type RawClient } from '../src/client/raw.ts';
import { ECHO, holdAgent } from './agents.ts';
import type { Random } from './random.ts';
import { createFaults, type Verb } from './verb.ts';

const KNOCKERS = 3;
const RESIDENTS = 2;
const IDLE_MS = 20;
/** A machine that needs longer for the life of an agent is out of order. */
const LONGEST_LIFE_MS = 10_000;
const LONGEST_CALL_MS = 60_000;

export const idleExit: Verb = async ({ options: { cycles }, random, scope, progress }) => {
  const flags = ['--idle', String(IDLE_MS / 1000), '--threads', '1'];
  const held = await holdAgent(scope, { name: 'idle', module: ECHO, flags });
  const faults = createFaults();
  const endAt = performance.now() + 60_000 + cycles * LONGEST_LIFE_MS;
  let calls = 0;
  let slowestMs = 0;
  const isOver = (): boolean => held.times('left') >= cycles || performance.now() > endAt;

  /** A moment around the one at which an agent that has just answered leaves. */
  const aroundTheExit = (of: Random): Promise<void> => wait(IDLE_MS * (0.9 + of.next() / 2));

  async function call(client: RawClient, text: string): Promise<void> {
    const startedAt = performance.now();
    const reply = String(await client.request(text, { timeoutMs: LONGEST_CALL_MS }));
    if (reply !== text) faults.add(`${text}: answered with ${reply.slice(0, 100)}`);
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    calls += 1;
    progress(`${held.times('left')} of ${cycles} lives · ${calls} calls · ${faults.list().length} failed`);
  }

  /** @returns what calls once each time: who stays keeps its client from one time to the next. */
  function visitor(who: string, of: Random, stays: boolean): () => Promise<void> {
    let client: RawClient | undefined;
    let nth = 0;
    scope.defer(() => client?.close());
    return async () => {
      await aroundTheExit(of);
      nth += 1;
      const text = `seed ${random.seed}, ${who}: ${nth}`;
      try {
        if (client === undefined || client.closed) client = await connectRaw(held.socketPath);
        await call(client, text);
      } catch (error) {
        faults.add(`${text}: ${(error as Error).message}`);
      }
      if (stays) return;
      client?.close();
      client = undefined;
    };
  }

  const visitors = [
    ...Array.from({ length: KNOCKERS }, (_unused, nth) => visitor(`knocker ${nth}`, random.fork(nth), false)),
    ...Array.from({ length: RESIDENTS }, (_unused, nth) => visitor(`resident ${nth}`, random.fork(100 + nth), true)),
  ];
  // All at about the same time: otherwise somebody would always keep the agent from being idle.
  while (!isOver()) await Promise.all(visitors.map((visit) => visit()));
  const lives = held.times('left');
  if (lives < cycles) faults.add(`there were only ${lives} lives in the time for ${cycles}`);
  if (held.times('crashed') > 0) faults.add(`${held.times('crashed')} processes have crashed`);
  return { faults: faults.list(), figures: { lives, calls, slowestCallMs: Math.round(slowestMs) } };
};
