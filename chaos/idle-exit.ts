/** The verb `idle-exit`: agents exit as soon as they are idle, while clients call them around that moment. */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ECHO, type HeldAgent, holdAgent } from './agents.ts';
import { crashFaults } from './crashes.ts';
import { createFaultList } from './fault-list.ts';
import { createVisitor, type VisitLog } from './idle-exit-visitor.ts';
import type { Random } from './random.ts';
import type { Verb } from './verb.ts';

/** Several agents with their own visitors, because a life is mostly waiting for the idle time and the next start. */
const AGENTS = 4;
const SHORT_VISITORS = 3;
const LASTING_VISITORS = 2;
const IDLE_MS = 20;
/** The life of an agent takes longer only on a faulty machine. */
const MAX_LIFE_MS = 10_000;

export const idleExit: Verb = async ({ options: { cycles }, random, scope, progress }) => {
  const flags = ['--idle', String(IDLE_MS / 1000), '--threads', '1'];
  // Installed agents use a compile cache too. Without one, compilation takes half of each life.
  const env = { NODE_COMPILE_CACHE: join(scope.folder, 'compiled') };
  const agents = await Promise.all(
    Array.from({ length: AGENTS }, (_unused, nth) =>
      holdAgent(scope, { name: `idle-${nth}`, module: ECHO, flags, env }),
    ),
  );
  const faults = createFaultList();
  const endAt = performance.now() + 60_000 + cycles * MAX_LIFE_MS;
  let calls = 0;
  let slowestMs = 0;
  const countLives = (): number => agents.reduce((sum, held) => sum + held.times('left'), 0);
  const isOver = (): boolean => countLives() >= cycles || performance.now() > endAt;
  const log: VisitLog = {
    addFault: faults.add,
    addCall(ms) {
      slowestMs = Math.max(slowestMs, ms);
      calls += 1;
      progress(`${countLives()} of ${cycles} lives · ${calls} calls · ${faults.list().length} failed`);
    },
  };

  async function visit(held: HeldAgent, agentRandom: Random): Promise<void> {
    const create = (name: string, visitorRandom: Random, isLasting: boolean): (() => Promise<void>) =>
      createVisitor({
        held,
        name: `seed ${random.seed}, ${held.name}, ${name}`,
        random: visitorRandom,
        isLasting,
        idleMs: IDLE_MS,
        scope,
        log,
      });
    const visitors = [
      ...Array.from({ length: SHORT_VISITORS }, (_unused, nth) => create(`short ${nth}`, agentRandom.fork(nth), false)),
      ...Array.from({ length: LASTING_VISITORS }, (_unused, nth) =>
        create(`lasting ${nth}`, agentRandom.fork(100 + nth), true),
      ),
    ];
    // All visitors call at about the same time. Otherwise the agent would never be idle.
    while (!isOver()) await Promise.all(visitors.map((call) => call()));
  }

  await Promise.all(agents.map((held, nth) => visit(held, random.fork(1_000 + nth))));
  // An agent may still be in its first life when the others have reached the number.
  const allHaveLeft = Promise.all(agents.map((held) => held.reached('left', 1)));
  await Promise.race([allHaveLeft, wait(MAX_LIFE_MS, undefined, { ref: false })]);
  const lives = countLives();
  if (lives < cycles) faults.add(`only ${lives} of ${cycles} lives within the time limit`);
  for (const held of agents) {
    if (held.times('left') === 0) faults.add(`${held.name} has never exited`);
    for (const fault of crashFaults(held)) faults.add(fault);
  }
  return { faults: faults.list(), figures: { lives, calls, slowestCallMs: Math.round(slowestMs) } };
};
