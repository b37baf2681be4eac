/** Many lives of agents that leave as soon as they are idle, with clients that knock around the ends of these. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { CLOSE_NOTICE_MS } from '../src/agent/connections/graceful-close.ts';
import { connectRaw, type RawClient } from '../src/client/raw.ts';
import type { LaunchpoolError } from '../wire/errors.ts';
import { ECHO, type HeldAgent, holdAgent } from './agents.ts';
import { crashFaults } from './crashes.ts';
import type { Random } from './random.ts';
import { createFaults, type Verb } from './verb.ts';

/** Each with visitors of its own: a life is mostly waiting, for the time of being idle and for the process to start. */
const AGENTS = 4;
const KNOCKERS = 3;
const RESIDENTS = 2;
const IDLE_MS = 20;
/** A machine that needs longer for the life of an agent is out of order. */
const MAX_LIFE_MS = 10_000;
const MAX_CALL_MS = 60_000;

export const idleExit: Verb = async ({ options: { cycles }, random, scope, progress }) => {
  const flags = ['--idle', String(IDLE_MS / 1000), '--threads', '1'];
  // As what is installed does: otherwise half of each life is the compiling of the same sources.
  const env = { NODE_COMPILE_CACHE: join(scope.folder, 'compiled') };
  const agents = await Promise.all(
    Array.from({ length: AGENTS }, (_unused, nth) =>
      holdAgent(scope, { name: `idle-${nth}`, module: ECHO, flags, env }),
    ),
  );
  const faults = createFaults();
  const endAt = performance.now() + 60_000 + cycles * MAX_LIFE_MS;
  let calls = 0;
  let slowestMs = 0;
  const livesOf = (): number => agents.reduce((sum, held) => sum + held.times('left'), 0);
  const isOver = (): boolean => livesOf() >= cycles || performance.now() > endAt;

  /** A moment around the one at which an agent that has just answered leaves. */
  const aroundTheExit = (of: Random): Promise<void> => wait(IDLE_MS * (0.9 + of.next() / 2));

  async function call(client: RawClient, text: string): Promise<void> {
    const startedAt = performance.now();
    const reply = String(await client.request(text, { timeoutMs: MAX_CALL_MS }));
    if (reply !== text) faults.add(`${text}: answered with ${reply.slice(0, 100)}`);
    slowestMs = Math.max(slowestMs, performance.now() - startedAt);
    calls += 1;
    progress(`${livesOf()} of ${cycles} lives · ${calls} calls · ${faults.list().length} failed`);
  }

  /** @returns what calls once each time: who stays keeps its client from one time to the next. */
  function visitor({ name, socketPath }: HeldAgent, who: string, of: Random, stays: boolean): () => Promise<void> {
    let client: RawClient | undefined;
    let nth = 0;
    scope.defer(() => client?.close());
    return async () => {
      const startedAt = performance.now();
      await aroundTheExit(of);
      const isLate = performance.now() - startedAt > CLOSE_NOTICE_MS / 2;
      nth += 1;
      const text = `seed ${random.seed}, ${name}, ${who}: ${nth}`;
      try {
        if (client === undefined || client.closed) client = await connectRaw(socketPath);
        await call(client, text);
      } catch (error) {
        // Unless this process has stood still for so long that it could not read the agent's notice in time.
        const isExcused = stays && isLate && (error as LaunchpoolError).code === 'ERR_LAUNCHPOOL_CONNECTION_CLOSED';
        if (!isExcused) faults.add(`${text}: ${(error as Error).message}`);
      }
      if (stays) return;
      client?.close();
      client = undefined;
    };
  }

  async function visit(held: HeldAgent, of: Random): Promise<void> {
    const visitors = [
      ...Array.from({ length: KNOCKERS }, (_unused, nth) => visitor(held, `knocker ${nth}`, of.fork(nth), false)),
      ...Array.from({ length: RESIDENTS }, (_unused, nth) =>
        visitor(held, `resident ${nth}`, of.fork(100 + nth), true),
      ),
    ];
    // All at about the same time: otherwise somebody would always keep the agent from being idle.
    while (!isOver()) await Promise.all(visitors.map((call) => call()));
  }

  await Promise.all(agents.map((held, nth) => visit(held, random.fork(1_000 + nth))));
  // Some may have been in their first life when the others were through.
  const allHaveLeft = Promise.all(agents.map((held) => held.reached('left', 1)));
  await Promise.race([allHaveLeft, wait(MAX_LIFE_MS, undefined, { ref: false })]);
  const lives = livesOf();
  if (lives < cycles) faults.add(`there were only ${lives} lives in the time for ${cycles}`);
  for (const held of agents) {
    if (held.times('left') === 0) faults.add(`${held.name} has never left`);
    for (const fault of crashFaults(held)) faults.add(fault);
  }
  return { faults: faults.list(), figures: { lives, calls, slowestCallMs: Math.round(slowestMs) } };
};
