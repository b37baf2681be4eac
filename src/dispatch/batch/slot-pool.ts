/** The free slots: those that no worker has, and from which no reply is being written. */
import type { Slot } from '../../../workers/slot.ts';
import type { Retain } from '../connection/reply-queue.ts';

/** At most one slot in this many is retained for replies: slow readers must not take all slots. */
const RETAINED_ONE_IN = 4;

export type SlotPool = {
  take(): Slot | undefined;
  /** Takes back a slot that no worker uses any more. It becomes free when no reply retains it. */
  release(slot: Slot): void;
  /** Returns the function that retains a slot for a reply in it; undefined when too many slots are retained. */
  retainerOf(slot: Slot): Retain | undefined;
};

/** @param slots all slots; they are free. */
export function createSlotPool(slots: readonly Slot[]): SlotPool {
  const free = [...slots];
  const maxRetained = Math.floor(slots.length / RETAINED_ONE_IN);
  /** How many replies retain each slot. */
  const retained = new Map<Slot, number>();
  /** Slots that are released and still retained. */
  const released = new Set<Slot>();

  function releaseOne(slot: Slot): void {
    const replies = (retained.get(slot) as number) - 1;
    if (replies > 0) {
      retained.set(slot, replies);
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
        let isReleased = false;
        return () => {
          if (!isReleased) releaseOne(slot);
          isReleased = true;
        };
      };
    },
  };
}
