/** The disturbances of agents under load: of their threads, their processes, their connections, their disk. */
import { once } from 'node:events';
import { unlinkSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { connectRpc } from '../src/client/rpc.ts';
import type { LaunchpoolError } from '../wire/errors.ts';
import { encodeFrame, frameHeader } from '../wire/frame.ts';
import type { AgentSet } from './agent-set.ts';
import type { HeldAgent } from './agents.ts';
import type { Ledger } from './ledger.ts';
import type { Random } from './random.ts';

export type Targets = { agents: AgentSet; ledger: Ledger; random: Random };

/** @returns false when it did not take place. */
type Disturbance = { weight: number; run: (targets: Targets) => unknown };

const FLOOD = 2_000;
const FLOOD_CONNECTIONS = 100;
const UNREAD = 500;
const UNREAD_BYTES = 4_096;
const LONG_UNREAD = 50;
const LONG_BYTES = 2 ** 20;
const HALF_FRAMES = 8;
const HALF_FRAME_BYTES = 4 * 2 ** 20;
const CANCELLABLE = 160;
const CANCELLABLE_BYTES = 48_000;
const CANCELS = 4_000;
const MAX_PAUSE_MS = 3_000;
/** More than the small disk holds. */
const FILLER_BYTES = 2 ** 20;

const rpcAgents = ({ main, cramped, disk }: AgentSet): HeldAgent[] => [
  main,
  cramped,
  ...(disk === undefined ? [] : [disk]),
];
const pickAgent = ({ agents, random }: Targets): HeldAgent =>
  random.pick([...rpcAgents(agents), agents.raw, agents.slow]);
const pickRpcAgent = ({ agents, random }: Targets): HeldAgent => random.pick(rpcAgents(agents));

/** Calls a method that never returns, so that each of its outcomes is an error. */
async function callHarmful(
  targets: Targets,
  method: string,
  params: unknown[] = [],
  held: HeldAgent = pickRpcAgent(targets),
): Promise<void> {
  const { ledger, agents } = targets;
  const client = await connectRpc(held.socketPath).catch(() => undefined);
  if (client === undefined) return;
  const mayClose = held === agents.cramped ? 'always' : 'killed';
  await ledger.ask({ held, mayClose, what: method, isRight: () => false, ask: () => client.call(method, params) });
  client.close();
}

/** Opens a connection, uses it, and closes it after up to `stayMs`. */
async function useConnection(
  held: HeldAgent,
  random: Random,
  stayMs: number,
  use: (socket: Socket) => unknown,
): Promise<void> {
  const socket = connect(held.socketPath);
  socket.on('error', () => undefined);
  const timeout = AbortSignal.timeout(MAX_PAUSE_MS);
  await once(socket, 'connect', { signal: timeout }).catch(() => undefined);
  use(socket);
  await wait(random.between(0, stayMs));
  socket.destroy();
}

/** By their names in the results files. */
const DISTURBANCES: Readonly<Record<string, Disturbance>> = {
  'throws in a timer': { weight: 8, run: (targets) => callHarmful(targets, 'crashLater') },
  'loops for ever': { weight: 3, run: (targets) => callHarmful(targets, 'loops') },
  SIGKILL: { weight: 2, run: (targets) => pickAgent(targets).signal('SIGKILL') },
  SIGTERM: { weight: 3, run: (targets) => pickAgent(targets).signal('SIGTERM') },
  SIGHUP: { weight: 3, run: (targets) => pickAgent(targets).signal('SIGHUP') },
  'hangs up in the middle of a frame': {
    weight: 10,
    run: (targets) =>
      useConnection(pickAgent(targets), targets.random, 200, (socket) => {
        const length = targets.random.pick([10, 1_000, 100_000, 2 ** 26]);
        socket.write(Buffer.concat([frameHeader(length), Buffer.alloc(targets.random.between(0, 9), '{')]));
      }),
  },
  'connects and says nothing': {
    weight: 8,
    run: (targets) => useConnection(pickAgent(targets), targets.random, MAX_PAUSE_MS, () => undefined),
  },
  'does not read': {
    weight: 5,
    run: (targets) =>
      useConnection(pickRpcAgent(targets), targets.random, MAX_PAUSE_MS, (socket) => {
        socket.pause();
        const params = ['x'.repeat(UNREAD_BYTES)];
        for (let id = 0; id < UNREAD; id += 1) writeCall(socket, id, 'sync', params);
      }),
  },
  'does not read long replies': {
    weight: 2,
    run: (targets) =>
      useConnection(pickRpcAgent(targets), targets.random, MAX_PAUSE_MS, (socket) => {
        socket.pause();
        for (let id = 0; id < LONG_UNREAD; id += 1) writeCall(socket, id, 'long', [LONG_BYTES]);
      }),
  },
  'sends half of a long frame': {
    weight: 4,
    run: (targets) =>
      Promise.all(
        Array.from({ length: HALF_FRAMES }, () =>
          useConnection(pickAgent(targets), targets.random, MAX_PAUSE_MS, (socket) => {
            socket.write(Buffer.concat([frameHeader(2 ** 26), Buffer.alloc(HALF_FRAME_BYTES, '[')]));
          }),
        ),
      ),
  },
  'floods with cancellations': {
    weight: 2,
    run: (targets) =>
      useConnection(pickRpcAgent(targets), targets.random, MAX_PAUSE_MS, (socket) => {
        for (let id = 0; id < CANCELLABLE; id += 1)
          writeCall(socket, id, 'slow', [1_000, 'x'.repeat(CANCELLABLE_BYTES)]);
        for (let times = 0; times < CANCELS; times += 1) {
          const id = targets.random.between(0, 2 * CANCELLABLE);
          const cancel = { jsonrpc: '2.0', method: '$/cancelRequest', params: { id } };
          socket.write(encodeFrame(Buffer.from(JSON.stringify(cancel))));
        }
      }),
  },
  'reloads a damaged module': { weight: 3, run: reloadDamaged },
  floods: { weight: 4, run: flood },
  'comes in a crowd to few descriptors': {
    weight: 4,
    run: ({ agents, random }) =>
      Promise.all(
        Array.from({ length: FLOOD_CONNECTIONS }, () => useConnection(agents.cramped, random, 500, () => undefined)),
      ),
  },
  'fills the disk': { weight: 3, run: ({ agents }) => changeDisk(agents, fill) },
  'makes room on the disk': { weight: 3, run: ({ agents }) => changeDisk(agents, unlinkSync) },
};

function writeCall(socket: Socket, id: number, method: string, params: readonly unknown[]): void {
  socket.write(encodeFrame(Buffer.from(JSON.stringify({ jsonrpc: '2.0', id, method, params }))));
}

/** The agent must refuse the module, and its next threads must run what the others run. */
function reloadDamaged(targets: Targets): Promise<void> {
  return targets.agents.changingModule.inTurn(() => reloadDamagedAlone(targets));
}

async function reloadDamagedAlone({ agents, ledger, random }: Targets): Promise<void> {
  const { changing, changingModule } = agents;
  changingModule.damage(random);
  const control = await connectRpc(changing.controlPath);
  const refusal = await control.call('reload', []).then(
    () => undefined,
    (error: LaunchpoolError) => error,
  );
  control.close();
  if (refusal?.code !== 'ERR_LAUNCHPOOL_RELOAD_FAILED') ledger.fault(`a damaged module was not refused: ${refusal}`);
  await callHarmful({ agents, ledger, random }, 'crashLater', [], changing);
  changingModule.repair();
}

/** Sends many requests at once on one connection. */
async function flood(targets: Targets): Promise<void> {
  const held = pickRpcAgent(targets);
  const client = await connectRpc(held.socketPath).catch(() => undefined);
  if (client === undefined) return;
  const mayClose = held === targets.agents.cramped ? 'always' : 'killed';
  const isRight = (answer: unknown, payload: string): boolean => answer === payload;
  const ask = (payload: string): Promise<unknown> => client.call('sync', [payload]);
  const requests = Array.from({ length: FLOOD }, () =>
    targets.ledger.ask({ held, mayClose, what: 'flood', isRight, ask }),
  );
  await Promise.all(requests);
  client.close();
}

/** Changes the filler file through the process's view of the disk. @returns whether the agent has a disk and a process. */
function changeDisk({ disk, diskFolder }: AgentSet, change: (path: string) => void): boolean {
  if (!disk?.pid) return false;
  try {
    change(join(`/proc/${disk.pid}/root`, diskFolder, 'filler'));
  } catch {
    // The disk is full, the file does not exist, or the process has just exited.
  }
  return true;
}

function fill(path: string): void {
  writeFileSync(path, Buffer.alloc(FILLER_BYTES));
}

export type Disturber = {
  /** Runs a random disturbance, which may take a while. */
  disturb(): Promise<unknown>;
  /** The number of disturbances that took place, by name. */
  readonly counts: Readonly<Record<string, number>>;
};

export function createDisturber(targets: Targets): Disturber {
  const counts: Record<string, number> = {};
  const names = Object.entries(DISTURBANCES).flatMap(([name, { weight }]) =>
    Array.from({ length: weight }, () => name),
  );
  return {
    counts,
    async disturb() {
      const name = targets.random.pick(names);
      const result = await (DISTURBANCES[name] as Disturbance).run(targets);
      if (result !== false) counts[name] = (counts[name] ?? 0) + 1;
    },
  };
}
