/**
 * A load of notifications, counted one by one. Each appends a line to a file, so a lost one and one that runs twice are both
 * visible. A connection sends them among requests, and ends in one of several ways.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { HeldAgent } from './agents.ts';
import { connectFrameClient } from './frame-client.ts';
import type { Random } from './random.ts';

export type NotificationLoad = {
  held: HeldAgent;
  random: Random;
  /** The file to which the notifications append their lines. */
  notes: string;
};

/** How the connections end: behind the last reply, or at once, with replies unread. */
type End = 'answered' | 'unread';

export type Notification = {
  text: string;
  /** Whether its outcome is unknown: its process was killed, or exited before it had read the notification. */
  mayBeLost: boolean;
};

export type Notifications = {
  /** Resolves when the last connection is closed. */
  readonly done: Promise<void>;
  /** All that were sent. */
  readonly sent: readonly Notification[];
};

const MAX_PER_CONNECTION = 400;
const PAUSE_MS = 20;
const REQUEST_ONE_IN = 10;

/** Opens one connection after the other until `isOver`. */
export function startNotifications(load: NotificationLoad, isOver: () => boolean): Notifications {
  const sent: Notification[] = [];
  async function run(): Promise<void> {
    for (let nth = 0; !isOver(); nth += 1) {
      const batch = await sendOnce(load, `${load.held.name} ${load.random.seed} ${nth}`);
      sent.push(...batch);
      if (batch.length === 0) await wait(PAUSE_MS);
    }
  }
  return { done: run(), sent };
}

async function sendOnce({ held, random, notes }: NotificationLoad, name: string): Promise<Notification[]> {
  const startedAt = performance.now();
  const end: End = random.pick(['answered', 'unread']);
  const count = random.between(1, MAX_PER_CONNECTION);
  const waiting = new Set<number>();
  const client = await connectFrameClient(held.socketPath, {
    announce: true,
    onReply: ({ id }) => {
      waiting.delete(id);
      if (waiting.size === 0 && isSent) client?.end();
    },
  });
  if (client === undefined) return [];
  let isSent = false;
  const frames: { text: string; index: number }[] = [];
  for (let nth = 0; nth < count; nth += 1) {
    if (nth % REQUEST_ONE_IN === 0) {
      waiting.add(nth);
      client.send({ jsonrpc: '2.0', id: nth, method: 'sync', params: [nth] });
    }
    const text = `notification ${name} ${nth}`;
    frames.push({ text, index: client.send({ jsonrpc: '2.0', method: 'note', params: [notes, text] }) });
  }
  isSent = true;
  if (end === 'unread' || waiting.size === 0) client.end();
  await client.closed;
  const { framesRun } = client;
  // Without a notice, a process that exits has not read all frames of a client that has ended its direction.
  const isUnknown = held.wasSent(framesRun === undefined ? ['SIGKILL', 'SIGTERM'] : ['SIGKILL'], startedAt);
  return frames.map(({ text, index }) => ({
    text,
    mayBeLost: isUnknown || (framesRun !== undefined && index >= framesRun),
  }));
}

/** Compares the file with what was sent. @returns the numbers of notifications, and the faults. */
export function countNotifications(
  file: string,
  sent: readonly Notification[],
): { sent: number; run: number; unknown: number; faults: string[] } {
  const runs = new Map<string, number>();
  for (const line of readFileSync(file, 'utf8').split('\n')) runs.set(line, (runs.get(line) ?? 0) + 1);
  const faults: string[] = [];
  let run = 0;
  for (const { text, mayBeLost } of sent) {
    const times = runs.get(text) ?? 0;
    if (times > 0) run += 1;
    if (times > 1) faults.push(`${text} has run ${times} times`);
    else if (times === 0 && !mayBeLost) faults.push(`${text} has not run`);
  }
  return { sent: sent.length, run, unknown: sent.filter(({ mayBeLost }) => mayBeLost).length, faults };
}
