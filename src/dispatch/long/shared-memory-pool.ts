/**
 * Memory for long requests, and for the replies to them. It is shared with the threads, and used again: memory that is
 * new has to be cleared by the kernel page by page, which takes as long as copying it.
 */

/** Sizes are multiples of this, so that memory fits requests of about the same length. */
const STEP_BYTES = 64 * 1024;
/** How much is kept for later, and for how long after it was last used. */
const MAX_SPARE_BYTES = 16 * 1024 * 1024;
const SPARE_MS = 2_000;

export type SharedMemoryPool = {
  /** Returns at least so many bytes of shared memory. They may hold what an earlier request has left. */
  allocate(bytes: number): SharedArrayBuffer;
  /** Takes memory back that nobody can write to or read from any more. */
  release(memory: SharedArrayBuffer): void;
};

export function createSharedMemoryPool(): SharedMemoryPool {
  /** The one that was used last comes last. */
  let spare: SharedArrayBuffer[] = [];
  let spareBytes = 0;
  let timer: NodeJS.Timeout | undefined;

  function drop(): void {
    spare = [];
    spareBytes = 0;
  }

  return {
    allocate(bytes) {
      const size = Math.ceil(bytes / STEP_BYTES) * STEP_BYTES;
      // Memory of much more than is needed is left for whoever needs it.
      const index = spare.findLastIndex(({ byteLength }) => byteLength >= size && byteLength <= 2 * size);
      if (index < 0) return new SharedArrayBuffer(size);
      const [found] = spare.splice(index, 1) as [SharedArrayBuffer];
      spareBytes -= found.byteLength;
      return found;
    },
    release(memory) {
      if (spareBytes + memory.byteLength > MAX_SPARE_BYTES) return;
      spare.push(memory);
      spareBytes += memory.byteLength;
      timer = timer?.refresh() ?? setTimeout(drop, SPARE_MS).unref();
    },
  };
}
