/** Which slots may be filled: those that no worker has, and no reply is being written from. */
import type { Slot } from '../../../workers/slot.ts';
import type { Retain } from '../connection/reply-queue.ts';

/**
 * One slot of so many may be kept by replies that are being written. Whoever reads slowly keeps a slot for long, and
 * must not take them all.
 */
const RETAINED_ONE_IN = 4;

export type SlotPool = {
  take(): Slot | undefined;
  /** Gives a slot back that no worker can touch any more. It is free when nothing keeps it. */
  release(slot: Slot): void;
  /** Keeps a slot for a reply that stands in it; undefined when too many are kept already. */
  retainerOf(slot: Slot): Retain | undefined;
};

/** @param slots all that there are; they are free. */
export function createSlotPool(slots: readonly Slot[]): SlotPool {
  const free = [...slots];
  const maxRetained = Math.floor(slots.length / RETAINED_ONE_IN);
  /** How many replies each of them is kept for. */
  const retained = new Map<Slot, number>();
  /** Given back, and kept. */
  const released = new Set<Slot>();

  function releaseOne(slot: Slot): void {
    const left = (retained.get(slot) as number) - 1;
    if (left > 0) {
      retained.set(slot, left);
      return;
    }
    retained.delete(slot);
    if (released.delete(slot)) free.push(slot);
  }

  return {
    take: () => free.pop(),
    release(slot) {
      if (retained.has(slot)) released.add(slot);
      else free.push(slot);
    },
    retainerOf(slot) {
      if (retained.size >= maxRetained && !retained.has(slot)) return undefined;
      return () => {
        retained.set(slot, (retained.get(slot) ?? 0) + 1);
        let over = false;
        return () => {
          if (!over) releaseOne(slot);
          over = true;
        };
      };
    },
  };
}
