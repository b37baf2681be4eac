/** The verb `storm`: many connections at once, and as many idle ones. Nearly all are served; the others are rejected. */
import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import { connectRpc, type RpcClient } from '../src/client/rpc.ts';
import type { LaunchpoolError } from '../wire/errors.ts';
import { type AgentFigures, measureAgent } from './agent-figures.ts';
import { BUSY, type HeldAgent, holdAgent, withDescriptors } from './agents.ts';
import { createFaultList, type FaultList } from './fault-list.ts';
import { readProcess } from './process-figures.ts';
import type { Scope } from './scope.ts';
import type { Verb } from './verb.ts';

/** Descriptors beside those of the connections; the connection limit is four in five of all descriptors. */
const SPARE = 1_000;
const DESCRIPTORS_FACTOR = 1.3;
/** The number of connections that may be rejected, and that have room beside the idle ones. */
const TOLERANCE = 100;
/** The number of idle connections that connect at once. */
const CONCURRENCY = 50;
const TIMEOUT_MS = 120_000;
/** The memory and descriptors that the process may keep after the storm. */
const MAX_MORE_MIB = 256;
const MAX_MORE_DESCRIPTORS = 16;
const REJECTED = 'ERR_LAUNCHPOOL_BUSY';
/** The request may cross with the rejection. */
const CROSSED = 'ERR_LAUNCHPOOL_CONNECTION_CLOSED';

type Context = {
  held: HeldAgent;
  connections: number;
  faults: FaultList;
  scope: Scope;
  progress: (text: string) => void;
};

export const storm: Verb = async ({ options: { connections }, scope, progress }) => {
  const faults = createFaultList();
  const needed = Math.ceil(connections * DESCRIPTORS_FACTOR) + SPARE;
  if (maxDescriptors() < needed) return { faults: [], figures: {}, skipped: [`it requires ${needed} descriptors`] };
  const held = await holdAgent(scope, {
    name: 'storm',
    module: BUSY,
    flags: ['--idle', '0', '--keep-quiet-clients'],
    wrap: withDescriptors(needed),
  });
  const context = { held, connections, faults, scope, progress };
  const before = await measureAgent(held);
  const { stormMs, fates } = await connectAtOnce(context);
  const afterStorm = await measureAgent(held);
  const { idle, withIdle } = await connectIdle(context);
  const afterIdle = await measureAgent(held);
  checkGrowth(before, afterIdle, faults);
  if (held.times('started') !== 1) faults.add(`the agent was started ${held.times('started')} times`);
  return {
    faults: faults.list(),
    figures: { connections, stormMs, fates, idle, before, afterStorm, withIdle, afterIdle },
  };
};

/** Opens all connections at once; each makes one call and closes. */
async function connectAtOnce({ held, connections, faults, progress }: Context) {
  const fates: Record<string, number> = {};
  const startedAt = performance.now();
  let settled = 0;
  await Promise.all(
    Array.from({ length: connections }, async (_unused, index) => {
      const fate = await callOnce(held, index);
      fates[fate] = (fates[fate] ?? 0) + 1;
      settled += 1;
      progress(`storm: ${settled} of ${connections}`);
    }),
  );
  const stormMs = Math.round(performance.now() - startedAt);
  for (const fate of Object.keys(fates)) {
    if (!['result', REJECTED, CROSSED].includes(fate)) faults.add(`${fates[fate]} connections: ${fate}`);
  }
  // The agent has descriptors for all of them.
  const served = fates.result ?? 0;
  if (served < connections - TOLERANCE) faults.add(`only ${served} of ${connections} connections are served`);
  if (!(await areClosed(held))) faults.add('connections of the storm keep their descriptors');
  return { stormMs, fates };
}

/** Opens connections that make one call and stay open, and measures other clients' calls beside them. */
async function connectIdle({ held, connections, faults, scope, progress }: Context) {
  const idle: RpcClient[] = [];
  const closeIdle = (): void => {
    for (const client of idle) client.close();
  };
  scope.defer(closeIdle);
  const max = connections - TOLERANCE;
  const connecting = Array.from({ length: CONCURRENCY }, async () => {
    while (idle.length < max) {
      const client = await connectRpc(held.socketPath, { activationMs: TIMEOUT_MS });
      idle.push(client);
      const answer = await client.call('sync', ['idle'], { timeoutMs: TIMEOUT_MS }).catch((error: unknown) => error);
      if (answer !== 'idle') faults.add(`an idle connection is answered with ${answer}`);
      progress(`idle: ${idle.length} of ${max}`);
    }
  });
  await Promise.all(connecting);
  const withIdle = await measureAgent(held);
  closeIdle();
  if (!(await areClosed(held))) faults.add('closed connections keep their descriptors');
  return { idle: idle.length, withIdle };
}

function checkGrowth(before: AgentFigures, after: AgentFigures, faults: FaultList): void {
  if ((after.rssMiB ?? 0) > (before.rssMiB ?? 0) + MAX_MORE_MIB) {
    faults.add(`memory: ${before.rssMiB} → ${after.rssMiB} MiB`);
  }
  if ((after.descriptors ?? 0) > (before.descriptors ?? 0) + MAX_MORE_DESCRIPTORS) {
    faults.add(`descriptors: ${before.descriptors} → ${after.descriptors}`);
  }
}

async function callOnce(held: HeldAgent, index: number): Promise<string> {
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

/** Waits until the agent has noticed the close of its connections, which it does one by one. @returns whether it has. */
async function areClosed(held: HeldAgent): Promise<boolean> {
  const max = SPARE / 4;
  for (let checks = 0; checks < 600; checks += 1) {
    if ((readProcess(held.pid)?.descriptors ?? 0) <= max) return true;
    await wait(100);
  }
  return false;
}

/** The maximum number of descriptors of a child of this process. */
function maxDescriptors(): number {
  const { stdout } = spawnSync('/bin/sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' });
  return stdout.trim() === 'unlimited' ? Number.POSITIVE_INFINITY : Number(stdout);
}
