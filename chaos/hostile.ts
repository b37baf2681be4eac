/** The verb `hostile`: what a client makes the main thread of an agent do, for each mebibyte that it sends. */
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connectRpc } from '../src/client/rpc.ts';
import { BUSY, type HeldAgent, holdAgent } from './agents.ts';
import { createFaultList } from './fault-list.ts';
import { HOSTILE_INPUTS, type HostileInput } from './hostile/inputs.ts';
import { mainThreadMs } from './hostile/main-thread.ts';
import type { Random } from './random.ts';
import type { Verb } from './verb.ts';

/** A call that takes longer while the agent works off the input hangs. */
const TIMEOUT_MS = 120_000;
/** The input is worked off when the main thread needs less than this in a second. */
const QUIET_MS = 20;
/** Rounds go on until this much time of the main thread is measured, or this many bytes are sent: a tick is 10 ms. */
const MEASURED_MS = 500;
const MAX_BYTES = 64 * 2 ** 20;
const MAX_ROUNDS = 20;
const MIB = 2 ** 20;

export const hostile: Verb = async ({ random, scope, progress }) => {
  if (mainThreadMs(process.pid) === undefined) return { faults: [], figures: {}, skipped: ['it requires /proc'] };
  const faults = createFaultList();
  const held = await holdAgent(scope, { name: 'hostile', module: BUSY, flags: ['--idle', '0'] });
  const watcher = await connectRpc(held.socketPath);
  await watcher.call('sync', [1], { timeoutMs: TIMEOUT_MS });
  const figures: Record<string, unknown> = {};
  for (const [nth, input] of HOSTILE_INPUTS.entries()) {
    progress(input.name);
    const { ms, bytes } = await measure(held, input, random.fork(nth));
    const msPerMiB = Math.round((ms / bytes) * MIB * 10) / 10;
    figures[input.name] = { MiB: Math.round((bytes / MIB) * 10) / 10, msPerMiB, bound: input.maxMsPerMiB };
    if (msPerMiB > input.maxMsPerMiB)
      faults.add(`${input.name}: ${msPerMiB} ms of the main thread for each MiB, more than ${input.maxMsPerMiB}`);
    const answer = await watcher.call('sync', [nth], { timeoutMs: TIMEOUT_MS });
    if (answer !== nth) faults.add(`${input.name}: another client is answered with ${answer}`);
  }
  watcher.close();
  if (held.times('started') !== 1) faults.add(`the agent was started ${held.times('started')} times`);
  return { faults: faults.list(), figures };
};

async function measure(held: HeldAgent, input: HostileInput, random: Random): Promise<{ ms: number; bytes: number }> {
  const before = mainThreadMs(held.pid) as number;
  let bytes = 0;
  let ms = 0;
  for (let round = 0; round < MAX_ROUNDS && bytes < MAX_BYTES && ms < MEASURED_MS; round += 1) {
    const connections = Array.from({ length: input.connections }, (_unused, nth) =>
      send(held.socketPath, input, random.fork(round * input.connections + nth)),
    );
    for (const sent of await Promise.all(connections)) bytes += sent;
    ms = (await quietMs(held)) - before;
  }
  return { ms, bytes };
}

/** Sends the pieces; returns their bytes when the agent has taken them, and has answered unless the client leaves. */
async function send(path: string, { pieces, leaves = false }: HostileInput, random: Random): Promise<number> {
  const socket = createConnection({ path, allowHalfOpen: true });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => socket.destroy());
  socket.resume();
  await Promise.race([once(socket, 'connect'), closed]);
  let bytes = 0;
  for (const piece of pieces(random)) {
    if (socket.destroyed) break;
    bytes += piece.length;
    await Promise.race([new Promise((resolve) => socket.write(piece, resolve)), closed]);
  }
  if (leaves) socket.destroy();
  else {
    socket.once('end', () => socket.destroy());
    socket.end();
  }
  await closed;
  return bytes;
}

/** The time of the main thread when it has worked off its input. */
async function quietMs(held: HeldAgent): Promise<number> {
  for (let before = mainThreadMs(held.pid) as number; ; ) {
    await wait(1_000);
    const now = mainThreadMs(held.pid) as number;
    if (now - before < QUIET_MS) return now;
    before = now;
  }
}
