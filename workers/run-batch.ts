/** Runs a batch: claims its frames one by one, runs each request, and stores each outcome in the slot. */
import { encodeFrame, SHORT_HEADER_BYTES, writeHeader } from '../wire/frame.ts';
import { FrameWalk } from '../wire/frame-walk.ts';
import { Packed } from '../wire/messagepack/write.ts';
import { encodeMessage } from '../wire/response.ts';
import { claim as claimFrame, generationOf } from './control-word.ts';
import type { LateReplies } from './late-replies.ts';
import type { Requests } from './requests.ts';
import { copyBytes, lengthOf, plainBytes } from './result-bytes.ts';
import { failureOf } from './run-raw.ts';
import { Failure, type Result, type Runner } from './runner.ts';
import { isOwnPromise, whenSettled } from './settling.ts';
import { CANCELLED, LATE, NOTHING, OUTPUT_BYTES, type Slot } from './slot.ts';
import {
  type ByteRange,
  claimLong,
  type LongResult,
  type LongResults,
  type LongTask,
  type Outcome,
  peerIn,
  showReply,
} from './task.ts';

/**
 * Turns of the microtask queue for which a batch waits for asynchronous handlers. A handler that needs the event loop
 * has a late reply.
 */
const MICROTASK_TURNS = 8;

export type BatchRunnerOptions = {
  runner: Runner;
  lateReplies: Pick<LateReplies, 'add' | 'isFull'>;
  requests: Requests;
  threadId: number;
  /** How many asynchronous requests may be open before no further frame is claimed. */
  concurrency: number;
};

export type BatchRunner = {
  /** Runs the batch in a slot. Returns its time in microseconds. */
  run(slot: Slot): Promise<number> | number;
  /** Runs requests that are too long for a slot. Their outcomes are in the result, or come as late replies. */
  runLong(tasks: readonly LongTask[]): LongResults;
  /** Whether asynchronous requests have no outcome yet. */
  hasOpen(): boolean;
};

export function createBatchRunner(options: BatchRunnerOptions): BatchRunner {
  const { runner, lateReplies, requests, threadId, concurrency } = options;
  const LEFT: LongResult = { thread: threadId, range: undefined, isLeft: true };
  /** Asynchronous requests without an outcome, over all batches. */
  let open = 0;

  function run(slot: Slot): Promise<number> | number {
    const startedAt = process.hrtime.bigint();
    const { control, input, states, ticket } = slot;
    const generation = generationOf(Atomics.load(control.words, control.index));
    slot.thread = threadId;
    let outputEnd = 0;
    const frames = new FrameWalk(input);
    let openHere = 0;
    let isComplete = false;

    /** Stores the reply, then the state that describes it. */
    const settle = (index: number, result: Result): void => {
      requests.done(ticket, index);
      if (isComplete) {
        lateReplies.add({ ticket, index, ...outcomeOf(result) });
        return;
      }
      const length = put(slot, outputEnd, result);
      if (length > 0) {
        slot.starts[index] = outputEnd;
        outputEnd += length;
      } else if (length === LATE) lateReplies.add({ ticket, index, ...outcomeOf(result) });
      Atomics.store(states, index, length);
    };

    const maxOpen = slot.isExtra ? Number.POSITIVE_INFINITY : concurrency;
    while (open < maxOpen && !lateReplies.isFull) {
      const index = claimFrame(control, generation);
      if (index < 0) break;
      frames.next();
      if (Atomics.load(states, index) === CANCELLED) {
        Atomics.store(states, index, NOTHING);
        continue;
      }
      requests.enter(ticket, index, slot);
      const result = runner.run(input, frames.payloadStart, frames.end);
      requests.leave();
      if (!isOwnPromise(result)) {
        settle(index, result);
        continue;
      }
      open += 1;
      openHere += 1;
      whenSettled(result, (value) => {
        open -= 1;
        openHere -= 1;
        settle(index, value);
      });
    }
    return openHere === 0 ? elapsed(startedAt) : waitForMicrotasks();

    async function waitForMicrotasks(): Promise<number> {
      for (let turn = 0; turn < MICROTASK_TURNS && openHere > 0; turn += 1) await undefined;
      isComplete = true;
      return elapsed(startedAt);
    }
  }

  function runLong(tasks: readonly LongTask[]): LongResults {
    const startedAt = process.hrtime.bigint();
    // The first one has a place, which may be an extra one.
    const results = tasks.map((task, index) => (index > 0 && open >= concurrency ? LEFT : runOne(task)));
    return { us: elapsed(startedAt), results };
  }

  function runOne({ ticket, request, claim, dueAt = Number.POSITIVE_INFINITY }: LongTask): LongResult {
    const { buffer: memory, byteOffset, byteLength } = request;
    const reply = (outcome: Outcome): void => lateReplies.add({ ticket, index: 0, ...outcome });
    if (lateReplies.isFull) return LEFT;
    if (!claimLong(claim, threadId)) {
      reply({});
      return { thread: threadId, range: undefined };
    }
    requests.enter(ticket, 0, { dueAt: () => dueAt, peer: () => peerIn(claim) });
    const result = runner.run(Buffer.from(memory, byteOffset, byteLength), 0, byteLength, true);
    requests.leave();
    if (isOwnPromise(result)) {
      open += 1;
      whenSettled(result, (value) => {
        open -= 1;
        requests.done(ticket, 0);
        const range = putLong(memory, value);
        reply(range === undefined ? outcomeOf(value) : { range });
      });
      return { thread: threadId, range: undefined };
    }
    requests.done(ticket, 0);
    const range = putLong(memory, result);
    if (range === undefined) reply(outcomeOf(result));
    else showReply(claim, range);
    return { thread: threadId, range };
  }

  return { run, runLong, hasOpen: () => open > 0 };
}

/** In microseconds. Without `performance`, which a thread would load only for this. */
function elapsed(startedAt: bigint): number {
  return Number(process.hrtime.bigint() - startedAt) / 1000;
}

/**
 * Writes a framed reply to the output at `at`. Returns its length with the header, or NOTHING or LATE: also for a reply
 * that cannot be read, of which `outcomeOf` makes a failure.
 */
function put(slot: Slot, at: number, result: Result): number {
  if (result === null) return NOTHING;
  try {
    return write(slot, at, result);
  } catch {
    return LATE;
  }
}

function write({ output }: Slot, at: number, result: Exclude<Result, null>): number {
  const room = OUTPUT_BYTES - at - SHORT_HEADER_BYTES;
  const start = at + SHORT_HEADER_BYTES;
  if (typeof result === 'string') {
    // UTF-8 takes at most three bytes for each code unit of a string.
    if (result.length * 3 > room && Buffer.byteLength(result) > room) return LATE;
    const length = output.write(result, start);
    writeHeader(output, length, at);
    return SHORT_HEADER_BYTES + length;
  }
  if (result instanceof Failure) return LATE;
  if (result instanceof Packed) {
    if (result.length > room) return LATE;
    result.copyTo(output, start);
    writeHeader(output, result.length, at);
    return SHORT_HEADER_BYTES + result.length;
  }
  const length = lengthOf(result);
  if (length > room) return LATE;
  copyBytes(output, result, start);
  writeHeader(output, length, at);
  return SHORT_HEADER_BYTES + length;
}

/**
 * Frames a reply in the memory of its request, if it is that of a raw agent and fits. If a thread of an RPC agent died
 * before the reply was sent, an error reply would need the ids in the request.
 */
function putLong(memory: SharedArrayBuffer, result: Result): ByteRange | undefined {
  if (result === null || typeof result === 'string') return undefined;
  if (result instanceof Packed || result instanceof Failure) return undefined;
  try {
    return writeLong(memory, plainBytes(result));
  } catch {
    // The outcome is a failure: see `outcomeOf`.
    return undefined;
  }
}

function writeLong(memory: SharedArrayBuffer, result: Uint8Array): ByteRange | undefined {
  // A part of the memory, such as the request itself, stays where it is.
  const start = result.buffer === memory ? result.byteOffset : SHORT_HEADER_BYTES;
  const from = start - SHORT_HEADER_BYTES;
  const to = start + result.length;
  if (from < 0 || to > memory.byteLength) return undefined;
  const bytes = Buffer.from(memory);
  if (result.buffer !== memory) copyBytes(bytes, result, start);
  writeHeader(bytes, result.length, from);
  return { from, to };
}

/** The reply in memory of its own, or the failure of a request whose reply cannot be read or has no memory. */
function outcomeOf(result: Result): Outcome {
  if (result === null) return {};
  if (result instanceof Failure) return { failure: result.error };
  try {
    if (typeof result === 'string' || result instanceof Packed) return { reply: encodeMessage(result) };
    return { reply: encodeFrame(plainBytes(result)) };
  } catch (thrown) {
    return { failure: failureOf(thrown).error };
  }
}
