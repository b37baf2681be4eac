/** A client that calls an agent around the moment at which the agent exits. */
import { setTimeout as wait } from 'node:timers/promises';
import { CLOSE_NOTICE_MS } from '../src/agent/connections/graceful-close.ts';
import { connectRaw, type RawClient } from '../src/client/raw.ts';
import type { LaunchpoolError } from '../wire/errors.ts';
import type { HeldAgent } from './agents.ts';
import type { Random } from './random.ts';
import type { Scope } from './scope.ts';

const MAX_CALL_MS = 60_000;

export type VisitLog = {
  addFault(fault: string): void;
  /** @param ms the duration of a call that was answered. */
  addCall(ms: number): void;
};

export type VisitorOptions = {
  held: HeldAgent;
  name: string;
  random: Random;
  /** Whether the visitor keeps its connection from one call to the next. */
  isLasting: boolean;
  /** The idle time after which the agent exits. */
  idleMs: number;
  scope: Scope;
  log: VisitLog;
};

/** @returns a function that waits until about the agent's exit and calls once. It never rejects. */
export function createVisitor(options: VisitorOptions): () => Promise<void> {
  const { held, name, random, isLasting, idleMs, scope, log } = options;
  let client: RawClient | undefined;
  let nth = 0;
  scope.defer(() => client?.close());

  async function call(connected: RawClient, text: string): Promise<void> {
    const startedAt = performance.now();
    const reply = String(await connected.request(text, { timeoutMs: MAX_CALL_MS }));
    if (reply !== text) log.addFault(`${text}: answered with ${reply.slice(0, 100)}`);
    log.addCall(performance.now() - startedAt);
  }

  return async () => {
    const startedAt = performance.now();
    await wait(idleMs * (0.9 + random.next() / 2));
    const isLate = performance.now() - startedAt > CLOSE_NOTICE_MS / 2;
    nth += 1;
    const text = `${name}: ${nth}`;
    try {
      if (client === undefined || client.closed) client = await connectRaw(held.socketPath);
      await call(client, text);
    } catch (error) {
      // A process that was stopped for so long could not read the closing notice in time.
      const isExcused = isLasting && isLate && (error as LaunchpoolError).code === 'ERR_LAUNCHPOOL_CONNECTION_CLOSED';
      if (!isExcused) log.addFault(`${text}: ${(error as Error).message}`);
    }
    if (isLasting) return;
    client?.close();
    client = undefined;
  };
}
