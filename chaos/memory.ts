/**
 * The verb `memory`: clients that do not read, frames that arrive in part, and both. The memory of the process stays
 * within the formula of docs/reliability.md, other clients are answered, and all memory is given back.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connectRpc } from '../src/client/rpc.ts';
import { connectControl } from '../src/control/client.ts';
import { encodeTextFrame, frameHeader } from '../wire/frame.ts';
import { type HeldAgent, holdAgent, LARGE } from './agents.ts';
import { createFaultList, type FaultList } from './fault-list.ts';
import { boundMiB } from './memory-bound.ts';
import { mebibytes, readProcess } from './process-figures.ts';
import type { Scope } from './scope.ts';
import type { Verb } from './verb.ts';

const MIB = 2 ** 20;
/** The agent's options: little memory for requests, so that the bound is far below what clients ask for. */
const LIMITS = { maxBytes: 32 * MIB, maxFrame: 64 * MIB, maxReply: 32 * MIB, threads: 2, concurrency: 16 };
const REPLY_BYTES = MIB;
/** With the results of the asynchronous requests that may have started, which count as memory of the handlers. */
const BOUND_MIB = boundMiB(LIMITS) + (LIMITS.threads * LIMITS.concurrency * REPLY_BYTES) / MIB;
/** The requests of a client that does not read. */
const REQUEST_BYTES = 75_000;
const WATCH_MS = 6_000;
const SAMPLE_MS = 50;
const ANSWER_MS = 30_000;
/** An agent whose memory is full refuses requests at once. */
const REFUSED = 'ERR_LAUNCHPOOL_BUSY';

type Clients = { open(): Promise<Socket>; sockets: Socket[] };
type Case = { name: string; start: (clients: Clients) => Promise<void> };

const CASES: readonly Case[] = [
  { name: 'unread', start: (clients) => leaveUnread(clients, 20, 'large') },
  { name: 'unreadLater', start: (clients) => leaveUnread(clients, 20, 'largeLater') },
  { name: 'unreadAfterShort', start: leaveUnreadAfterShort },
  { name: 'halfFrames', start: (clients) => sendHalfFrames(clients, 25) },
  {
    name: 'all',
    async start(clients) {
      await leaveUnread(clients, 10, 'large');
      await sendHalfFrames(clients, 12);
      await leaveUnreadAfterShort(clients);
    },
  },
];

export const memory: Verb = async ({ scope, progress }) => {
  const faults = createFaultList();
  const figures: Record<string, unknown> = { boundMiB: BOUND_MIB };
  for (const each of CASES) {
    progress(`memory: ${each.name}`);
    figures[each.name] = await runCase(scope, each, faults);
  }
  return { faults: faults.list(), figures };
};

async function runCase(scope: Scope, { name, start }: Case, faults: FaultList): Promise<object> {
  const { maxBytes, maxFrame, maxReply, threads, concurrency } = LIMITS;
  const limits = { 'max-bytes': maxBytes, 'max-frame': maxFrame, 'max-reply': maxReply, threads, concurrency };
  const held = await holdAgent(scope, {
    name,
    module: LARGE,
    // The number of requests is another limit, which would be reached first.
    flags: [
      '--idle',
      '0',
      '--max-requests',
      '1000000',
      ...Object.entries(limits).flatMap(([flag, value]) => [`--${flag}`, String(value)]),
    ],
  });
  await warmUp(held);
  const idleMiB = rssOf(held);
  const clients = createClients(held);
  const watch = watchMemory(held);
  await start(clients);
  const answer = await callOnce(held);
  await wait(WATCH_MS);
  const { bytes } = await statusOf(held);
  const peakMiB = watch.end();
  for (const socket of clients.sockets) socket.destroy();
  const leftBytes = await bytesLeft(held);
  if (peakMiB - idleMiB > BOUND_MIB) faults.add(`${name}: ${idleMiB} → ${peakMiB} MiB, over the bound`);
  if (answer !== 'answered' && answer !== REFUSED) faults.add(`${name}: another client got ${answer}`);
  if (leftBytes > 0) faults.add(`${name}: ${leftBytes} bytes stay counted without a client`);
  await held.close();
  return { idleMiB, peakMiB, countedMiB: mebibytes(bytes), otherClient: answer };
}

function createClients({ socketPath }: HeldAgent): Clients {
  const sockets: Socket[] = [];
  return {
    sockets,
    async open() {
      const socket = connect(socketPath);
      sockets.push(socket.on('error', () => undefined).pause());
      await once(socket, 'connect');
      return socket;
    },
  };
}

async function leaveUnread(clients: Clients, count: number, method: string): Promise<void> {
  const request = requestOf(method, [REPLY_BYTES]);
  const requests = Buffer.concat(Array(Math.ceil(REQUEST_BYTES / request.length)).fill(request));
  for (let client = 0; client < count; client += 1) (await clients.open()).write(requests);
}

/** Other clients' short replies must not let a client ask for many long ones. */
async function leaveUnreadAfterShort(clients: Clients): Promise<void> {
  const reading = (await clients.open()).resume();
  for (let round = 0; round < 20; round += 1) {
    reading.write(Buffer.concat(Array(500).fill(requestOf('short', []))));
    await wait(20);
  }
  const silent = await clients.open();
  silent.write(Buffer.concat(Array(4_000).fill(requestOf('large', [REPLY_BYTES]))));
}

/** Each sends 40 of the 64 MiB of a frame. */
async function sendHalfFrames(clients: Clients, count: number): Promise<void> {
  const part = Buffer.alloc(MIB, ' ');
  for (let client = 0; client < count; client += 1) {
    const socket = await clients.open();
    socket.write(frameHeader(LIMITS.maxFrame));
    for (let sent = 0; sent < 40; sent += 1) socket.write(part);
  }
}

function requestOf(method: string, params: readonly unknown[]): Buffer {
  return encodeTextFrame(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
}

/** Starts all threads. */
async function warmUp(held: HeldAgent): Promise<void> {
  const client = await connectRpc(held.socketPath, { activationMs: ANSWER_MS });
  await Promise.all(Array.from({ length: 64 }, () => client.call('short', [])));
  client.close();
}

async function callOnce({ socketPath }: HeldAgent): Promise<string> {
  const client = await connectRpc(socketPath, { activationMs: ANSWER_MS });
  try {
    await client.call('short', [], { timeoutMs: ANSWER_MS });
    return 'answered';
  } catch (error) {
    return String((error as { code?: unknown }).code ?? error);
  } finally {
    client.close();
  }
}

function watchMemory(held: HeldAgent): { end(): number } {
  let peak = 0;
  const timer = setInterval(() => {
    peak = Math.max(peak, rssOf(held));
  }, SAMPLE_MS);
  return {
    end() {
      clearInterval(timer);
      return peak;
    },
  };
}

function rssOf({ pid }: HeldAgent): number {
  return mebibytes(readProcess(pid)?.rssBytes ?? 0);
}

async function statusOf({ controlPath }: HeldAgent): Promise<{ bytes: number }> {
  const control = await connectControl(controlPath);
  const { bytes = 0 } = await control.status();
  control.close();
  return { bytes };
}

/** Waits until no memory is counted any more: handlers may still run for clients that have closed. */
async function bytesLeft(held: HeldAgent): Promise<number> {
  let left = 0;
  for (let checks = 0; checks < 300; checks += 1) {
    left = (await statusOf(held)).bytes;
    if (left === 0) return 0;
    await wait(100);
  }
  return left;
}
