/** A worker that the test drives: it starts and finishes requests on request. */
import { payloadLength, payloadStart } from '../../wire/frame.ts';
import { claim, generationOf } from '../../workers/control-word.ts';
import { CANCELLED, NOTHING, type Slot } from '../../workers/slot.ts';

/** A request that has started. */
export type WorkerStart = { index: number; text: string };

export type HandWorker = {
  /** Claims the next request that is not cancelled; undefined when none is left. */
  start(): WorkerStart | undefined;
  /** Stores a reply, or the state of a request without one, in the slot. */
  finish(index: number, frame: Uint8Array | undefined): void;
};

export function createHandWorker(slot: Slot, thread: number): HandWorker {
  const generation = generationOf(Atomics.load(slot.control.words, slot.control.index));
  let inputEnd = 0;
  let outputEnd = 0;
  return {
    start() {
      slot.thread = thread;
      const index = claim(slot.control, generation);
      if (index < 0) return undefined;
      const start = payloadStart(slot.input, inputEnd);
      inputEnd = start + payloadLength(slot.input, inputEnd);
      if (Atomics.load(slot.states, index) === CANCELLED) {
        Atomics.store(slot.states, index, NOTHING);
        return this.start();
      }
      return { index, text: slot.input.toString('utf8', start, inputEnd) };
    },
    finish(index, frame) {
      if (frame !== undefined) {
        slot.output.set(frame, outputEnd);
        slot.starts[index] = outputEnd;
        outputEnd += frame.length;
      }
      Atomics.store(slot.states, index, frame?.length ?? NOTHING);
    },
  };
}
