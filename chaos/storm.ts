/** Many connections at once, and as many that are idle: nearly all are served, and the rest is told why not. */
import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { connectRpc, type RpcClient } from '../src/client/rpc.ts';
import type { LaunchpoolError } from '../wire/errors.ts';
import { BUSY, type HeldAgent, holdAgent, withDescriptors } from './agents.ts';
import { readProcess } from './process-figures.ts';
import { createFaults, type Verb } from './verb.ts';
import { measureWarm } from './warm.ts';

/** Of each side, beside a descriptor for each connection; the agent takes four in five of what it has. */
const SPARE = 1_000;
const DESCRIPTORS_FACTOR = 1.3;
/** There is room for these beside the idle ones, and so many of those are let in at once. */
const OTHERS = 100;
const AT_ONCE = 50;
const TIMEOUT_MS = 120_000;
/** What a storm may leave behind. */
const MAX_MORE_MIB = 256;
const ANSWERED = 'ERR_LAUNCHPOOL_BUSY';
/** What is sent may cross with the refusal. */
const CROSSED = 'ERR_LAUNCHPOOL_CONNECTION_CLOSED';

export const storm: Verb = async ({ options: { connections }, scope, progress }) => {
  const faults = createFaults();
  const needed = Math.ceil(connections * DESCRIPTORS_FACTOR) + SPARE;
  if (descriptors() < needed) return { faults: [], figures: {}, skipped: [`it needs ${needed} descriptors`] };
  const held = await holdAgent(scope, {
    name: 'storm',
    module: BUSY,
    flags: ['--idle', '0', '--keep-quiet-clients'],
    wrap: withDescriptors(needed),
  });
  const before = await measureWarm(held);

  /** All at once: each asks one thing, and goes. */
  const fates: Record<string, number> = {};
  const startedAt = performance.now();
  let settled = 0;
  await Promise.all(
    Array.from({ length: connections }, async (_unused, index) => {
      const fate = await askOnce(held, index);
      fates[fate] = (fates[fate] ?? 0) + 1;
      settled += 1;
      progress(`storm: ${settled} of ${connections}`);
    }),
  );
  const stormMs = Math.round(performance.now() - startedAt);
  for (const fate of Object.keys(fates)) {
    if (!['result', ANSWERED, CROSSED].includes(fate)) faults.add(`${fates[fate]} connections: ${fate}`);
  }
  // There are descriptors for all of them.
  const served = fates.result ?? 0;
  if (served < connections - OTHERS) faults.add(`only ${served} of ${connections} connections are served`);
  // The agent hears of their ends one by one, and till then has no room.
  if (!(await closed(held))) faults.add('connections of the storm keep their descriptors');
  const afterStorm = await measureWarm(held);

  /** All stay, having been served once; meanwhile others are served as if they were not there. */
  const idle: RpcClient[] = [];
  const closeIdle = (): void => {
    for (const client of idle) client.close();
  };
  scope.defer(closeIdle);
  const max = connections - OTHERS;
  const connecting = Array.from({ length: AT_ONCE }, async () => {
    while (idle.length < max) {
      const client = await connectRpc(held.socketPath, { activationMs: TIMEOUT_MS });
      idle.push(client);
      const answer = await client.call('sync', ['idle'], { timeoutMs: TIMEOUT_MS }).catch((error: unknown) => error);
      if (answer !== 'idle') faults.add(`who is to be idle is told ${answer}`);
      progress(`idle: ${idle.length} of ${max}`);
    }
  });
  await Promise.all(connecting);
  const withIdle = await measureWarm(held);
  closeIdle();
  if (!(await closed(held))) faults.add('connections that are closed keep their descriptors');
  const afterIdle = await measureWarm(held);
  if ((afterIdle.rssMiB ?? 0) > (before.rssMiB ?? 0) + MAX_MORE_MIB) {
    faults.add(`memory: ${before.rssMiB} → ${afterIdle.rssMiB} MiB`);
  }
  if ((afterIdle.descriptors ?? 0) > (before.descriptors ?? 0) + 16) {
    faults.add(`descriptors: ${before.descriptors} → ${afterIdle.descriptors}`);
  }
  if (held.times('started') !== 1) faults.add(`the agent was started ${held.times('started')} times`);
  return {
    faults: faults.list(),
    figures: { connections, stormMs, fates, idle: idle.length, before, afterStorm, withIdle, afterIdle },
  };
};

async function askOnce(held: HeldAgent, index: number): Promise<string> {
  let client: RpcClient | undefined;
  try {
    client = await connectRpc(held.socketPath, { activationMs: TIMEOUT_MS });
    const answer = await client.call('sync', [index], { timeoutMs: TIMEOUT_MS });
    return answer === index ? 'result' : `a wrong reply: ${answer}`;
  } catch (error) {
    return String((error as LaunchpoolError).code ?? error);
  } finally {
    client?.close();
  }
}

/** The agent hears of its connections' ends one by one. @returns whether it has heard of them all in the end. */
async function closed(held: HeldAgent): Promise<boolean> {
  const max = SPARE / 4;
  for (let checks = 0; checks < 600; checks += 1) {
    if ((readProcess(held.pid)?.descriptors ?? 0) <= max) return true;
    await wait(100);
  }
  return false;
}

/** How many a child of this process may have. */
function descriptors(): number {
  const { stdout } = spawnSync('/bin/sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' });
  return stdout.trim() === 'unlimited' ? Number.POSITIVE_INFINITY : Number(stdout);
}
