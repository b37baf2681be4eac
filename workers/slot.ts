/**
 * The memory that the main thread and a worker share for one batch. The same file is read on both sides.
 *
 *     words    control word, ticket, thread            written by: both, main, worker
 *     starts   where in the output each reply stands   written by: worker
 *     states   what has become of each frame           written by: worker (main: PENDING, DROPPED)
 *     input    the requests, still framed              written by: main
 *     output   the replies, framed                     written by: worker
 *
 * A slot belongs to the main thread, and from the moment it is handed to a worker until that says it is done, or its
 * thread has ended, to that worker. The main thread may look at the states at any time: a state is stored, atomically,
 * after the reply it speaks of, so whoever sees the state sees the reply.
 */
import { cursorOf, MAX_BATCH_FRAMES, type WordAt } from './control-word.ts';

/** The requests of a batch, with their headers, have at most so many bytes; a longer one travels by itself. */
export const INPUT_BYTES: number = 256 * 1024;
/** Replies that do not fit in here travel by themselves. */
export const OUTPUT_BYTES: number = 512 * 1024;
export const MAX_FRAMES: number = Math.min(MAX_BATCH_FRAMES, 2048);

const CONTROL = 0;
const TICKET = 1;
const THREAD = 2;
const KIND = 3;
const WORDS = 16;
const TABLE_BYTES = MAX_FRAMES * 4;
/** What one slot takes, in bytes. Memory that is never written to takes none. */
export const SLOT_BYTES: number = WORDS * 4 + 2 * TABLE_BYTES + INPUT_BYTES + OUTPUT_BYTES;

/** Not begun, or begun and not finished; the control word tells which. */
export const PENDING = 0;
/** Finished, and there is nothing to send: a notification. */
export const NOTHING = -1;
/** What becomes of it is told by message: an asynchronous handler, a failure, a long reply. */
export const LATE = -2;
/** Not to be begun: nobody wants it any more. The main thread puts it in the place of PENDING, and of nothing else. */
export const CANCELLED = -3;
// Any other state is the length of the reply, framed, in the output.

export const KIND_UNKNOWN = 0;
export const KIND_RAW = 1;
export const KIND_RPC = 2;

export type Slot = {
  readonly index: number;
  readonly control: WordAt;
  readonly starts: Int32Array;
  readonly states: Int32Array;
  readonly input: Buffer;
  readonly output: Buffer;
  /** Names one use of the slot, so that a message about it can be told from one about an earlier use. */
  ticket: number;
  /** The thread that has begun on the batch; 0 while none has. */
  thread: number;
  /** Set by the worker to one of the KIND_* values: which replies must keep their order is known from here first. */
  kind: number;
};

/** Whether a thread has begun a request of the batch that has no outcome yet. */
export function hasOpenRequest({ control: { words, index }, states }: Slot): boolean {
  const started = cursorOf(Atomics.load(words, index));
  for (let frame = 0; frame < started; frame += 1) {
    const state = Atomics.load(states, frame);
    // One that nobody wants any more may run all the same.
    if (state === PENDING || state === CANCELLED) return true;
  }
  return false;
}

/** The slots in a piece of shared memory. */
export function slotsOf(memory: SharedArrayBuffer): Slot[] {
  return Array.from({ length: Math.floor(memory.byteLength / SLOT_BYTES) }, (_unused, index) => slotAt(memory, index));
}

function slotAt(memory: SharedArrayBuffer, index: number): Slot {
  let offset = index * SLOT_BYTES;
  const take = (bytes: number): number => {
    offset += bytes;
    return offset - bytes;
  };
  const words = new Int32Array(memory, take(WORDS * 4), WORDS);
  return new SharedSlot(index, {
    words,
    starts: new Int32Array(memory, take(TABLE_BYTES), MAX_FRAMES),
    states: new Int32Array(memory, take(TABLE_BYTES), MAX_FRAMES),
    input: Buffer.from(memory, take(INPUT_BYTES), INPUT_BYTES),
    output: Buffer.from(memory, take(OUTPUT_BYTES), OUTPUT_BYTES),
  });
}

type Parts = { words: Int32Array; starts: Int32Array; states: Int32Array; input: Buffer; output: Buffer };

class SharedSlot implements Slot {
  readonly index: number;
  readonly control: WordAt;
  readonly starts: Int32Array;
  readonly states: Int32Array;
  readonly input: Buffer;
  readonly output: Buffer;
  readonly #words: Int32Array;

  constructor(index: number, { words, starts, states, input, output }: Parts) {
    this.index = index;
    this.control = { words, index: CONTROL };
    this.starts = starts;
    this.states = states;
    this.input = input;
    this.output = output;
    this.#words = words;
  }

  get ticket(): number {
    return Atomics.load(this.#words, TICKET);
  }
  set ticket(value: number) {
    Atomics.store(this.#words, TICKET, value);
  }

  get thread(): number {
    return Atomics.load(this.#words, THREAD);
  }
  set thread(value: number) {
    Atomics.store(this.#words, THREAD, value);
  }

  get kind(): number {
    return Atomics.load(this.#words, KIND);
  }
  set kind(value: number) {
    Atomics.store(this.#words, KIND, value);
  }
}
