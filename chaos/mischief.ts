/** All that is done to agents under load: their threads, their processes, their connections, their disk. */
import { once } from 'node:events';
import { unlinkSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connectRpc } from '../src/client/rpc.ts';
import { encodeFrame, frameHeader } from '../wire/frame.ts';
import type { HeldAgent } from './agents.ts';
import type { Ledger } from './ledger.ts';
import type { LineUp } from './line-up.ts';
import type { Random } from './random.ts';

export type Victims = { agents: LineUp; ledger: Ledger; random: Random };

type Deed = { weight: number; commit: (victims: Victims) => unknown };

const FLOOD = 2_000;
const FLOOD_CONNECTIONS = 100;
const UNREAD = 500;
const UNREAD_BYTES = 4_096;
const MAX_PAUSE_MS = 3_000;
/** More than fits. */
const FILLER_BYTES = 2 ** 20;

const rpcAgents = ({ main, cramped, disk }: LineUp): HeldAgent[] => [
  main,
  cramped,
  ...(disk === undefined ? [] : [disk]),
];
const anyOf = ({ agents, random }: Victims): HeldAgent => random.pick([...rpcAgents(agents), agents.raw]);
const anyRpc = ({ agents, random }: Victims): HeldAgent => random.pick(rpcAgents(agents));

/** Calls what never returns; each of its ends is an error. */
async function harm(victims: Victims, what: string, params: unknown[] = []): Promise<void> {
  const { ledger, agents } = victims;
  const held = anyRpc(victims);
  const client = await connectRpc(held.socketPath).catch(() => undefined);
  if (client === undefined) return;
  const mayClose = held === agents.cramped ? 'ever' : 'killed';
  await ledger.ask({ held, mayClose, what, isRight: () => false, ask: () => client.call(what, params) });
  client.close();
}

/** Opens a connection, and has it closed after a while at the latest. */
async function visit(held: HeldAgent, random: Random, stayMs: number, act: (socket: Socket) => unknown): Promise<void> {
  const socket = connect(held.socketPath);
  socket.on('error', () => undefined);
  const over = AbortSignal.timeout(MAX_PAUSE_MS);
  await once(socket, 'connect', { signal: over }).catch(() => undefined);
  act(socket);
  await wait(random.between(0, stayMs));
  socket.destroy();
}

const DEEDS: Readonly<Record<string, Deed>> = {
  'throws in a timer': { weight: 8, commit: (victims) => harm(victims, 'crashLater') },
  'loops for ever': { weight: 3, commit: (victims) => harm(victims, 'loops') },
  SIGKILL: { weight: 2, commit: (victims) => anyOf(victims).signal('SIGKILL') },
  SIGTERM: { weight: 3, commit: (victims) => anyOf(victims).signal('SIGTERM') },
  SIGHUP: { weight: 3, commit: (victims) => anyOf(victims).signal('SIGHUP') },
  'hangs up in the middle of a frame': {
    weight: 10,
    commit: (victims) =>
      visit(anyOf(victims), victims.random, 200, (socket) => {
        const announced = victims.random.pick([10, 1_000, 100_000, 2 ** 26]);
        socket.write(Buffer.concat([frameHeader(announced), Buffer.alloc(victims.random.between(0, 9), '{')]));
      }),
  },
  'connects and says nothing': {
    weight: 8,
    commit: (victims) => visit(anyOf(victims), victims.random, MAX_PAUSE_MS, () => undefined),
  },
  'does not read': {
    weight: 5,
    commit: (victims) =>
      visit(anyRpc(victims), victims.random, MAX_PAUSE_MS, (socket) => {
        socket.pause();
        const params = ['x'.repeat(UNREAD_BYTES)];
        for (let id = 0; id < UNREAD; id += 1) {
          socket.write(encodeFrame(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method: 'sync', params }))));
        }
      }),
  },
  floods: {
    weight: 4,
    async commit(victims) {
      const held = anyRpc(victims);
      const client = await connectRpc(held.socketPath).catch(() => undefined);
      if (client === undefined) return;
      const mayClose = held === victims.agents.cramped ? 'ever' : 'killed';
      const isRight = (answer: unknown, payload: string): boolean => answer === payload;
      const ask = (payload: string): Promise<unknown> => client.call('sync', [payload]);
      const flood = Array.from({ length: FLOOD }, () =>
        victims.ledger.ask({ held, mayClose, what: 'flood', isRight, ask }),
      );
      await Promise.all(flood);
      client.close();
    },
  },
  'comes in a crowd to few descriptors': {
    weight: 4,
    commit: ({ agents, random }) =>
      Promise.all(Array.from({ length: FLOOD_CONNECTIONS }, () => visit(agents.cramped, random, 500, () => undefined))),
  },
  'fills the disk': { weight: 3, commit: ({ agents }) => onDisk(agents, fill) },
  'makes room on the disk': { weight: 3, commit: ({ agents }) => onDisk(agents, unlinkSync) },
};

/** @returns whether there is a disk, and a process that sees it. */
function onDisk({ disk, diskFolder }: LineUp, act: (path: string) => void): boolean {
  if (!disk?.pid) return false;
  try {
    act(join(`/proc/${disk.pid}/root`, diskFolder, 'filler'));
  } catch {
    // It is full, or there is nothing to be removed, or the process has just gone.
  }
  return true;
}

function fill(path: string): void {
  writeFileSync(path, Buffer.alloc(FILLER_BYTES));
}

export type Mischief = {
  /** Commits one deed, which may take a while. */
  commit(): Promise<unknown>;
  /** How often each has been committed. */
  readonly deeds: Readonly<Record<string, number>>;
};

export function createMischief(victims: Victims): Mischief {
  const deeds: Record<string, number> = {};
  const names = Object.entries(DEEDS).flatMap(([name, { weight }]) => Array.from({ length: weight }, () => name));
  return {
    deeds,
    async commit() {
      const name = victims.random.pick(names);
      const done = await (DEEDS[name] as Deed).commit(victims);
      // Of a signal to nobody, and of a disk that there is not, there is nothing to tell.
      if (done !== false) deeds[name] = (deeds[name] ?? 0) + 1;
    },
  };
}
