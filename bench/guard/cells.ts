/** The measurements of the guard. */
import type { Generator } from '../generator.ts';
import { residentBytes } from '../resident.ts';
import type { Unit } from '../text.ts';
import { agentCommand, type Build, callCommand, type Handlers } from './side.ts';

export type Subject = {
  build: Build;
  handlers: Handlers;
  generator: Generator;
  /** The socket of its agent, or a free path if it has none. */
  socketPath: string;
  /** The process id of its agent, 0 if it has none. */
  pid: number;
  threads: number;
  seconds: number;
};

export type GuardCell = {
  name: string;
  unit: Unit;
  better: 'higher' | 'lower';
  /** The handler of the agent that gets the requests. Without one, the measurement starts its own processes. */
  handler?: keyof Handlers;
  /** How often each side is measured in a round. */
  repeats: number;
  /** How long all agents are idle before the first measurement of a round, in milliseconds. */
  settleMs?: number;
  /** Runs the measured code in a new agent, before the first measurement of a round. */
  warmUp?(subject: Subject): Promise<unknown>;
  measure(subject: Subject): Promise<number>;
};

const MIB = 2 ** 20;
const KIB = 2 ** 10;
const WARM_UP_SECONDS = 0.25;
const TEXT = 'Hello';
const REPLY = 'Uryyb';
const RPC_TEXT = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'rot13', params: [TEXT] });
const RPC_REPLY = JSON.stringify({ jsonrpc: '2.0', id: 1, result: REPLY });
/** An agent saves its compiled code some time after the first reply. */
const KEEPING_MS = 500;

/** In the order of measurement: memory first, before an agent has worked. */
export const CELLS: readonly GuardCell[] = [
  {
    name: 'idle memory',
    unit: 'mib',
    better: 'lower',
    handler: 'rot13',
    repeats: 1,
    settleMs: 1_000,
    // Both threads must have started.
    warmUp: ({ generator, socketPath }) => generator.load({ socketPath, connections: 16, depth: 4, count: 256 }),
    measure: async ({ pid }) => residentBytes(pid) / MIB,
  },
  {
    name: 'call',
    unit: 'ms',
    better: 'lower',
    handler: 'rot13',
    repeats: 5,
    warmUp: callOnce,
    measure: callOnce,
  },
  loadCell('1x1', 1, 1),
  loadCell('16x16', 16, 16),
  loadCell('64x64', 64, 64),
  loadCell('RPC 1x1', 1, 1, { handler: 'rpc' }),
  loadCell('RPC 16x16', 16, 16, { handler: 'rpc' }),
  loadCell('RPC 64x64', 64, 64, { handler: 'rpc' }),
  loadCell('64 KiB 1x1', 1, 1, { handler: 'echo', size: 64 * KIB }),
  loadCell('64 KiB 4x4', 4, 4, { handler: 'echo', size: 64 * KIB }),
  {
    name: 'first reply',
    unit: 'ms',
    better: 'lower',
    repeats: 5,
    measure: async (subject) => (await startCold(subject, 0)).firstMs,
  },
  {
    name: 'RPC first reply',
    unit: 'ms',
    better: 'lower',
    repeats: 5,
    measure: async (subject) => (await startCold(subject, 0, 'rpc')).firstMs,
  },
];

/** Starts an agent of a build once, so that its compiled code is saved before the measurements. */
export async function prepare(subject: Subject): Promise<void> {
  await startCold(subject, KEEPING_MS);
}

async function callOnce({ build, generator, socketPath }: Subject): Promise<number> {
  const command = callCommand(build, socketPath, TEXT);
  return (await generator.wall({ command, env: build.env, expect: REPLY })).ms;
}

function startCold(
  { build, handlers, generator, socketPath, threads }: Subject,
  stay: number,
  handler: 'rot13' | 'rpc' = 'rot13',
) {
  const command = agentCommand(build, handlers[handler], threads);
  const message = handler === 'rpc' ? { text: RPC_TEXT, reply: RPC_REPLY } : { text: TEXT, reply: REPLY };
  return generator.cold({ socketPath, burst: 1, command, env: build.env, ...message, stay });
}

/** Requests a second. With a size, messages of that size. */
function loadCell(
  name: string,
  connections: number,
  depth: number,
  { handler, size }: { handler: keyof Handlers; size?: number } = { handler: 'rot13' },
): GuardCell {
  const kind = handler === 'rpc' ? ({ mode: 'rpc', expect: 'rot13' } as const) : { expect: handler };
  const load = ({ generator, socketPath }: Subject, seconds: number, warmUpSeconds: number) =>
    generator.load({ socketPath, connections, depth, seconds, warmUpSeconds, ...kind, ...(size && { size }) });
  return {
    name,
    unit: 'rate',
    better: 'higher',
    handler,
    repeats: 6,
    warmUp: (subject) => load(subject, WARM_UP_SECONDS, 0),
    measure: async (subject) => (await load(subject, subject.seconds, subject.seconds / 5)).reqPerSec,
  };
}
