/**
 * Clients that know nothing but frames, in a ledger: they see a second reply, which other clients would not, and have no
 * clock of their own that would settle what the agent has forgotten.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { HeldAgent } from './agents.ts';
import { type Entry, type Ledger, NOT_RUN } from './ledger.ts';
import { dialPlain, type PlainClient, type PlainReply } from './plain-client.ts';
import { checkEnd } from './plain-end.ts';
import { PLAIN_QUESTIONS, type PlainKind } from './plain-questions.ts';
import type { Random } from './random.ts';

export type PlainLoad = { held: HeldAgent; ledger: Ledger; random: Random; announce?: boolean; kind?: PlainKind };

const MAX_PER_CONNECTION = 5_000;
const PAUSE_MS = 20;

/** One connection after the other until `isOver`; resolves when the last one is over. */
export async function runPlain(load: PlainLoad, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    if (!(await converse(load, isOver))) await wait(PAUSE_MS);
  }
}

/** @returns whether anybody was reached. */
async function converse(load: PlainLoad, isOver: () => boolean): Promise<boolean> {
  const { held, ledger, random, announce = false, kind = 'calm' } = load;
  const { window, draw } = PLAIN_QUESTIONS[kind];
  // Who has announced that a notice is understood hears of everything but a kill.
  const mayClose = announce ? 'killed' : 'leaving';
  const what = `plain, ${kind}${announce ? ', announced' : ''}`;
  const open = new Map<number, Entry>();
  const places = new Map<number, number>();
  const max = random.between(1, MAX_PER_CONNECTION);
  const startedAt = performance.now();
  let nextId = 0;
  let client: PlainClient | undefined;

  function sendMore(): void {
    while (client?.canSend && open.size < window && nextId < max && !isOver()) {
      const id = nextId;
      const { allowed, method, ms, timeoutMs, cancelMs } = draw(random);
      const entry = ledger.open({ held, what, mayClose, allowed: [...allowed, ...(announce ? [NOT_RUN] : [])] });
      const params = ms === undefined ? [entry.payload] : [ms, entry.payload];
      places.set(id, client.send({ jsonrpc: '2.0', id, method, params, timeoutMs }));
      open.set(id, entry);
      nextId += 1;
      if (cancelMs !== undefined) setTimeout(cancel, cancelMs, id);
    }
    if (open.size === 0 && (nextId === max || isOver())) client?.end();
  }

  /** Also when the answer has come by now: nothing happens then. */
  function cancel(id: number): void {
    client?.send({ jsonrpc: '2.0', method: '$/cancelRequest', params: { id } });
  }

  function onReply({ id, result, error }: PlainReply): void {
    const entry = open.get(id);
    if (entry === undefined) {
      ledger.fault(`${held.name}, ${what}: a reply to ${id}, which waits for none`);
      return;
    }
    open.delete(id);
    if (error === undefined && result !== entry.payload) {
      ledger.fault(`${held.name}, ${what}, ${entry.payload}: wrong: ${JSON.stringify(result)}`);
    }
    ledger.settle(entry, error === undefined ? 'result' : String(error.data?.code));
    sendMore();
  }

  client = await dialPlain(held.socketPath, { onReply, announce });
  if (client === undefined) return false;
  sendMore();
  await client.over;
  const { run } = client;
  const wasKilled = held.wasSent(['SIGKILL'], startedAt);
  const unanswered = [...open.keys()].map((id) => places.get(id) as number);
  const answered = [...places].filter(([id]) => !open.has(id)).map(([, place]) => place);
  for (const fault of checkEnd({ announce, run, wasKilled, unanswered, answered })) {
    ledger.fault(`${held.name}, ${what}: ${fault}`);
  }
  for (const [id, entry] of open) {
    const isNotRun = run !== undefined && (places.get(id) as number) >= run;
    ledger.settle(entry, isNotRun ? NOT_RUN : 'ERR_LAUNCHPOOL_CONNECTION_CLOSED');
  }
  return true;
}
