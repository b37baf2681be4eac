/** Which slots may be filled: those that no worker has, and no reply is being written from. */
import type { Slot } from '../../../workers/slot.ts';
import type { Keep } from '../connection/reply-queue.ts';

/**
 * One slot of so many may be kept by replies that are being written. Whoever reads slowly keeps a slot for long, and
 * must not take them all.
 */
const KEPT_ONE_IN = 4;

export type FreeSlots = {
  take(): Slot | undefined;
  /** Gives a slot back that no worker can touch any more. It is free when nothing keeps it. */
  release(slot: Slot): void;
  /** Keeps a slot for a reply that stands in it; undefined when too many are kept already. */
  keepOf(slot: Slot): Keep | undefined;
};

/** @param slots all that there are; they are free. */
export function createFreeSlots(slots: readonly Slot[]): FreeSlots {
  const free = [...slots];
  const mostKept = Math.floor(slots.length / KEPT_ONE_IN);
  /** How many replies each of them is kept for. */
  const kept = new Map<Slot, number>();
  /** Given back, and kept. */
  const leaving = new Set<Slot>();

  function letGo(slot: Slot): void {
    const left = (kept.get(slot) as number) - 1;
    if (left > 0) {
      kept.set(slot, left);
      return;
    }
    kept.delete(slot);
    if (leaving.delete(slot)) free.push(slot);
  }

  return {
    take: () => free.pop(),
    release(slot) {
      if (kept.has(slot)) leaving.add(slot);
      else free.push(slot);
    },
    keepOf(slot) {
      if (kept.size >= mostKept && !kept.has(slot)) return undefined;
      return () => {
        kept.set(slot, (kept.get(slot) ?? 0) + 1);
        let over = false;
        return () => {
          if (!over) letGo(slot);
          over = true;
        };
      };
    },
  };
}
