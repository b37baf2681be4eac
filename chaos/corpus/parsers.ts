/** Gives the mutated corpus to the parsers in this process. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { encodeFrame } from '../../wire/frame.ts';
import { createFaultList } from '../fault-list.ts';
import type { Random } from '../random.ts';
import type { Outcome } from '../verb.ts';
import { checkFrames } from './frames.ts';
import { checkHandshake } from './handshakes.ts';
import { mutate, mutateFrame } from './mutations.ts';
import { checkPayload } from './payloads.ts';

/** An input that takes longer, even on a slow machine, is in an endless loop. */
const TIMEOUT_MS = 5_000;
/** The maximum growth of the memory in use after garbage collection. */
const MAX_GROWTH_BYTES = 64 * 2 ** 20;
const PROGRESS_EVERY = 1_000;

/** Checks a single input. @param random of this input alone. */
function check(random: Random): string | undefined {
  const payload = mutate(random);
  const fault = checkPayload(payload);
  if (fault !== undefined) return fault;
  const stream = Buffer.concat([encodeFrame(mutate(random)), mutateFrame(random, payload), encodeFrame(payload)]);
  return checkFrames(stream, random) ?? (random.chance(0.1) ? checkHandshake(random) : undefined);
}

export function checkParsers(random: Random, inputs: number, progress: (done: number) => void): Outcome {
  const faults = createFaultList();
  const collect = garbageCollector();
  let slowestMs = 0;
  let before = 0;
  for (let index = 0; index < inputs; index += 1) {
    if (index === Math.floor(inputs / 10)) before = bytesInUse(collect);
    if (index % PROGRESS_EVERY === 0) progress(index);
    const startedAt = performance.now();
    const fault = checkOne(random.fork(index));
    const tookMs = performance.now() - startedAt;
    if (fault !== undefined) faults.add(`seed ${random.seed}, input ${index}: ${fault}`);
    if (tookMs > TIMEOUT_MS) faults.add(`seed ${random.seed}, input ${index}: took ${Math.round(tookMs)} ms`);
    slowestMs = Math.max(slowestMs, tookMs);
  }
  const grownBytes = bytesInUse(collect) - before;
  if (grownBytes > MAX_GROWTH_BYTES) faults.add(`seed ${random.seed}: memory in use grew by ${grownBytes} bytes`);
  return { faults: faults.list(), figures: { inputs, slowestMs: Math.round(slowestMs * 10) / 10, grownBytes } };
}

function checkOne(random: Random): string | undefined {
  try {
    return check(random);
  } catch (error) {
    return `throws ${(error as Error).stack ?? error}`;
  }
}

function garbageCollector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

/** Collects twice: memory outside of the heap is released after the objects that own it. */
function bytesInUse(collect: () => void): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
