/**
 * Shared memory for long requests and the replies to them, used again and again: the kernel clears new memory page by
 * page, which takes as long as a copy of it.
 */

/** Sizes are multiples of this, so that memory fits requests of similar lengths. */
const STEP_BYTES = 64 * 1024;
/** How much unused memory is retained, and for how long after its last use. */
const MAX_SPARE_BYTES = 16 * 1024 * 1024;
const SPARE_MS = 2_000;

export type SharedMemoryPool = {
  /** Returns at least this number of bytes. They may contain an earlier request. */
  allocate(bytes: number): SharedArrayBuffer;
  /** Takes memory back that no thread reads or writes any more. */
  release(memory: SharedArrayBuffer): void;
};

export function createSharedMemoryPool(): SharedMemoryPool {
  /** In the order of their last use. */
  let spare: SharedArrayBuffer[] = [];
  let spareBytes = 0;
  let timer: NodeJS.Timeout | undefined;

  function dropSpare(): void {
    spare = [];
    spareBytes = 0;
  }

  return {
    allocate(bytes) {
      const size = Math.ceil(bytes / STEP_BYTES) * STEP_BYTES;
      // Memory of more than twice the size stays here for longer requests.
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
      timer = timer?.refresh() ?? setTimeout(dropSpare, SPARE_MS).unref();
    },
  };
}
