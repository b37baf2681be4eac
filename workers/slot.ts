/**
 * The memory that the main thread and a worker share for one batch. Both sides use this file.
 *
 *     words    control word, ticket, thread, extra     written by: both, main, worker, main
 *     starts   offset in the output of each reply      written by: worker
 *     states   the state of each frame                 written by: worker (main: PENDING, CANCELLED)
 *     dueAt    when each frame must have an outcome    written by: main, for frames with a deadline
 *     peers    user and process of each frame          written by: main
 *     input    the requests, still framed              written by: main
 *     output   the replies, framed                     written by: worker
 *
 * A slot belongs to the main thread. It belongs to a worker from the start of its task until the worker completes the
 * task or its thread has exited. The main thread may read the states at any time: a state is stored atomically after the
 * reply that it describes, so a side that sees the state sees the reply.
 */
import { cursorOf, MAX_BATCH_FRAMES, type WordAt } from './control-word.ts';
import { NO_PID, NO_UID, type Peer, peerOf, type RequestFacts } from './request-facts.ts';

/** The maximum size of a batch's requests, with their headers. A longer request travels by itself. */
export const INPUT_BYTES: number = 256 * 1024;
/** The maximum size of a batch's replies, with their headers. A reply that does not fit is a late reply. */
export const OUTPUT_BYTES: number = 512 * 1024;
export const MAX_FRAMES: number = Math.min(MAX_BATCH_FRAMES, 2048);

const CONTROL = 0;
const TICKET = 1;
const THREAD = 2;
const EXTRA = 3;
const WORDS = 16;
const TABLE_BYTES = MAX_FRAMES * 4;
const DUE_BYTES = MAX_FRAMES * 8;
const PEER_WORDS = 2;
/** The size of one slot. Pages that are never written take no memory. */
export const SLOT_BYTES: number = WORDS * 4 + (2 + PEER_WORDS) * TABLE_BYTES + DUE_BYTES + INPUT_BYTES + OUTPUT_BYTES;

/** Without an outcome. The control word shows whether the frame is claimed. */
export const PENDING = 0;
/** Complete, and there is nothing to send: a notification. */
export const NOTHING = -1;
/** The outcome comes as a late reply: a failure, or a reply that does not fit. */
export const LATE = -2;
/** Must not start. The main thread stores it in place of PENDING, and in place of no other state. */
export const CANCELLED = -3;
// Any other state is the length of the framed reply in the output.

export type Slot = RequestFacts & {
  readonly index: number;
  readonly control: WordAt;
  readonly starts: Int32Array;
  readonly states: Int32Array;
  readonly input: Buffer;
  readonly output: Buffer;
  /** Writes the facts of consecutive frames, from one up to another. @param dueAt Infinity without a deadline. */
  setFacts(from: number, to: number, dueAt: number, peer: Peer | undefined): void;
  /** Identifies one use of the slot, and distinguishes its messages from those of an earlier use. */
  ticket: number;
  /** The id of the thread that has started the batch; 0 while none has. */
  thread: number;
  /** Whether the requests begin although the thread has as many open requests as it may have. */
  isExtra: boolean;
};

/** Whether a thread has started a request of the batch that has no outcome yet. */
export function hasOpenRequest({ control: { words, index }, states }: Slot): boolean {
  const started = cursorOf(Atomics.load(words, index));
  for (let frame = 0; frame < started; frame += 1) {
    const state = Atomics.load(states, frame);
    // A cancelled request may run all the same.
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
    dues: new Float64Array(memory, take(DUE_BYTES), MAX_FRAMES),
    peers: new Uint32Array(memory, take(PEER_WORDS * TABLE_BYTES), PEER_WORDS * MAX_FRAMES),
    input: Buffer.from(memory, take(INPUT_BYTES), INPUT_BYTES),
    output: Buffer.from(memory, take(OUTPUT_BYTES), OUTPUT_BYTES),
  });
}

type Parts = {
  words: Int32Array;
  starts: Int32Array;
  states: Int32Array;
  dues: Float64Array;
  peers: Uint32Array;
  input: Buffer;
  output: Buffer;
};

class SharedSlot implements Slot {
  readonly index: number;
  readonly control: WordAt;
  readonly starts: Int32Array;
  readonly states: Int32Array;
  readonly input: Buffer;
  readonly output: Buffer;
  readonly #words: Int32Array;
  readonly #dues: Float64Array;
  readonly #peers: Uint32Array;

  constructor(index: number, { words, starts, states, dues, peers, input, output }: Parts) {
    this.index = index;
    this.control = { words, index: CONTROL };
    this.starts = starts;
    this.states = states;
    this.input = input;
    this.output = output;
    this.#words = words;
    this.#dues = dues;
    this.#peers = peers;
  }

  setFacts(from: number, to: number, dueAt: number, peer: Peer | undefined): void {
    const { uid = NO_UID, pid = NO_PID } = peer ?? {};
    for (let index = from; index < to; index += 1) {
      this.#peers[PEER_WORDS * index] = uid;
      this.#peers[PEER_WORDS * index + 1] = pid;
    }
    if (dueAt !== Number.POSITIVE_INFINITY) this.#dues.fill(dueAt, from, to);
  }

  dueAt(index: number): number {
    return this.#dues[index] as number;
  }

  peer(index: number): Peer | undefined {
    return peerOf(this.#peers[PEER_WORDS * index] as number, this.#peers[PEER_WORDS * index + 1] as number);
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

  get isExtra(): boolean {
    return Atomics.load(this.#words, EXTRA) === 1;
  }
  set isExtra(value: boolean) {
    Atomics.store(this.#words, EXTRA, Number(value));
  }
}
