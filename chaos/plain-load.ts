/** Clients that know nothing but frames, in a ledger: they see a second reply, which other clients would not. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Held } from './agents.ts';
import type { Entry, Ledger } from './ledger.ts';
import { dialPlain, type PlainClient, type PlainReply } from './plain-client.ts';
import type { Random } from './random.ts';

export type PlainLoad = { held: Held; ledger: Ledger; random: Random; announce?: boolean };

const WINDOW = 64;
const MOST_PER_CONNECTION = 5_000;
const PAUSE_MS = 20;

/** One connection after the other until `isOver`; resolves when the last one is over. */
export async function runPlain(load: PlainLoad, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    if (!(await converse(load, isOver))) await wait(PAUSE_MS);
  }
}

/** @returns whether anybody was reached. */
async function converse(
  { held, ledger, random, announce = false }: PlainLoad,
  isOver: () => boolean,
): Promise<boolean> {
  const open = new Map<number, Entry>();
  const places = new Map<number, number>();
  const most = random.between(1, MOST_PER_CONNECTION);
  let nextId = 0;
  let client: PlainClient | undefined;

  function sendMore(): void {
    while (client !== undefined && open.size < WINDOW && nextId < most && !isOver()) {
      const id = nextId;
      const entry = ledger.open({ held, what: 'plain', mayClose: true });
      const method = random.chance(0.05) ? 'slow' : 'sync';
      const params = method === 'slow' ? [random.between(0, 20), entry.payload] : [entry.payload];
      const place = client.send({ jsonrpc: '2.0', id, method, params });
      if (place === undefined) {
        // It was never sent.
        ledger.settle(entry, 'ERR_LAUNCHPOOL_CONNECTION_CLOSED');
        return;
      }
      nextId += 1;
      places.set(id, place);
      open.set(id, entry);
    }
    if (open.size === 0 && (nextId === most || isOver())) client?.end();
  }

  function onReply({ id, result, error }: PlainReply): void {
    const entry = open.get(id);
    if (entry === undefined) {
      ledger.fault(`${held.name}, plain: a reply to ${id}, which waits for none`);
      return;
    }
    open.delete(id);
    if (error === undefined && result !== entry.payload) {
      ledger.fault(`${held.name}, plain, ${entry.payload}: wrong: ${JSON.stringify(result)}`);
    }
    ledger.settle(entry, error === undefined ? 'result' : String(error.data?.code));
    sendMore();
  }

  client = await dialPlain(held.socketPath, { onReply, announce });
  if (client === undefined) return false;
  sendMore();
  await client.over;
  // What the agent says that it has run, it has answered; the rest it has not.
  if (client.run !== undefined) {
    const unanswered = [...open.keys()].filter((id) => (places.get(id) ?? 0) < (client.run as number));
    const answered = [...places].filter(([id, place]) => !open.has(id) && place >= (client.run as number));
    if (unanswered.length > 0) ledger.fault(`${held.name}: run ${client.run}, and no reply to ${unanswered}`);
    if (answered.length > 0) ledger.fault(`${held.name}: run ${client.run}, and more were answered: ${answered}`);
  }
  for (const entry of open.values()) ledger.settle(entry, 'ERR_LAUNCHPOOL_CONNECTION_CLOSED');
  return true;
}
