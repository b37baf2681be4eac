/**
 * A load of clients that know only frames, recorded in a ledger. They see second replies, which other clients drop, and
 * have no timeouts of their own, which would settle a request that the agent has lost.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { HeldAgent } from './agents.ts';
import { checkConnectionEnd } from './connection-end.ts';
import { connectFrameClient, type FrameClient, type FrameReply } from './frame-client.ts';
import { FRAME_REQUESTS, type FrameLoadKind } from './frame-requests.ts';
import { type Entry, type Ledger, NOT_RUN } from './ledger.ts';
import type { Random } from './random.ts';

export type FrameLoad = {
  held: HeldAgent;
  ledger: Ledger;
  random: Random;
  /** Whether the client tells the agent that it understands the closing notice. */
  announce?: boolean;
  kind?: FrameLoadKind;
};

const MAX_PER_CONNECTION = 5_000;
const PAUSE_MS = 20;

/** Opens one connection after the other until `isOver`; resolves when the last one is closed. */
export async function runFrameLoad(load: FrameLoad, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    if (!(await runConnection(load, isOver))) await wait(PAUSE_MS);
  }
}

/** @returns whether the connection was opened. */
async function runConnection(load: FrameLoad, isOver: () => boolean): Promise<boolean> {
  const { held, ledger, random, announce = false, kind = 'calm' } = load;
  const { window, draw } = FRAME_REQUESTS[kind];
  // After the announcement, the agent sends its notice before every close, except after SIGKILL.
  const mayClose = announce ? 'killed' : 'terminated';
  const what = `frames, ${kind}${announce ? ', announced' : ''}`;
  const open = new Map<number, Entry>();
  /** By id, the number of frames before each request. */
  const indexes = new Map<number, number>();
  const max = random.between(1, MAX_PER_CONNECTION);
  const startedAt = performance.now();
  let nextId = 0;
  let client: FrameClient | undefined;

  function sendMore(): void {
    while (client?.canSend && open.size < window && nextId < max && !isOver()) {
      const id = nextId;
      const { allowed, method, ms, timeoutMs, cancelMs } = draw(random);
      const entry = ledger.open({ held, what, mayClose, allowed: [...allowed, ...(announce ? [NOT_RUN] : [])] });
      const params = ms === undefined ? [entry.payload] : [ms, entry.payload];
      indexes.set(id, client.send({ jsonrpc: '2.0', id, method, params, timeoutMs }));
      open.set(id, entry);
      nextId += 1;
      if (cancelMs !== undefined) setTimeout(cancel, cancelMs, id);
    }
    if (open.size === 0 && (nextId === max || isOver())) client?.end();
  }

  /** Also sent after the reply, when it has no effect. */
  function cancel(id: number): void {
    client?.send({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } });
  }

  function onReply({ id, result, error }: FrameReply): void {
    const entry = open.get(id);
    if (entry === undefined) {
      ledger.fault(`${held.name}, ${what}: a reply to ${id}, which is not open`);
      return;
    }
    open.delete(id);
    if (error === undefined && result !== entry.payload) {
      ledger.fault(`${held.name}, ${what}, ${entry.payload}: wrong: ${JSON.stringify(result)}`);
    }
    ledger.settle(entry, error === undefined ? 'result' : String(error.data?.code));
    sendMore();
  }

  client = await connectFrameClient(held.socketPath, { onReply, announce });
  if (client === undefined) return false;
  sendMore();
  await client.closed;
  const { framesRun } = client;
  const wasKilled = held.wasSent(['SIGKILL'], startedAt);
  const unanswered = [...open.keys()].map((id) => indexes.get(id) as number);
  const answered = [...indexes].filter(([id]) => !open.has(id)).map(([, index]) => index);
  for (const fault of checkConnectionEnd({ announce, framesRun, wasKilled, unanswered, answered })) {
    ledger.fault(`${held.name}, ${what}: ${fault}`);
  }
  for (const [id, entry] of open) {
    const isNotRun = framesRun !== undefined && (indexes.get(id) as number) >= framesRun;
    ledger.settle(entry, isNotRun ? NOT_RUN : 'ERR_LAUNCHPOOL_CONNECTION_CLOSED');
  }
  return true;
}
