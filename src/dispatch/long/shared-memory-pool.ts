/**
 * Shared memory for long requests and the replies to them, used again and again: the kernel clears new memory page by
 * page, which takes as long as a copy of it.
 */

/** Sizes are multiples of this, so that memory fits requests of similar lengths. */
const STEP_BYTES = 64 * 1024;
/** How much unused memory is retained, which share of the agent's memory it may be, and how long after its last use. */
const MAX_SPARE_BYTES = 16 * 1024 * 1024;
const SPARE_SHARE = 1 / 8;
const SPARE_MS = 2_000;
/** V8 does not count shared memory, and would let any amount of it wait for its next collection. */
const GARBAGE_BYTES = 32 * 1024 * 1024;

export type SharedMemoryPoolOptions = {
  /** Counts the memory of requests, and the retained memory. */
  count: (kind: 'long' | 'spare', bytes: number) => void;
  /** Frees the memory that has been dropped. */
  collect: () => void;
  /** The highest number of bytes of requests, replies and arriving frames. */
  maxBytes: number;
};

export type SharedMemoryPool = {
  /** Returns at least this number of bytes. They may contain an earlier request. */
  allocate(bytes: number): SharedArrayBuffer;
  /** A request has the memory from now on. */
  use(memory: SharedArrayBuffer): void;
  /** Takes the memory of a request back; no thread reads or writes it any more. */
  release(memory: SharedArrayBuffer): void;
  /** The request is over; a thread that ends may still write to its memory, which is not used again. */
  forget(memory: SharedArrayBuffer): void;
  /** Takes memory back that no request has had. */
  recycle(memory: SharedArrayBuffer): void;
  /** Drops the retained memory. */
  trim(): void;
};

export function createSharedMemoryPool(options: SharedMemoryPoolOptions): SharedMemoryPool {
  const { count, collect, maxBytes } = options;
  const maxSpareBytes = Math.min(MAX_SPARE_BYTES, SPARE_SHARE * maxBytes);
  /** In the order of their last use. */
  let spare: SharedArrayBuffer[] = [];
  let spareBytes = 0;
  let garbageBytes = 0;
  let timer: NodeJS.Timeout | undefined;

  function addSpare(bytes: number): void {
    spareBytes += bytes;
    count('spare', bytes);
  }

  function drop(bytes: number): void {
    garbageBytes += bytes;
    if (garbageBytes < GARBAGE_BYTES) return;
    garbageBytes = 0;
    collect();
  }

  function trim(): void {
    const bytes = spareBytes;
    spare = [];
    addSpare(-bytes);
    drop(bytes);
  }

  function recycle(memory: SharedArrayBuffer): void {
    if (spareBytes + memory.byteLength > maxSpareBytes) {
      drop(memory.byteLength);
      return;
    }
    spare.push(memory);
    addSpare(memory.byteLength);
    timer = timer?.refresh() ?? setTimeout(trim, SPARE_MS).unref();
  }

  return {
    allocate(bytes) {
      const size = Math.ceil(bytes / STEP_BYTES) * STEP_BYTES;
      // Memory of more than twice the size stays here for longer requests.
      const index = spare.findLastIndex(({ byteLength }) => byteLength >= size && byteLength <= 2 * size);
      if (index < 0) return new SharedArrayBuffer(size);
      const [found] = spare.splice(index, 1) as [SharedArrayBuffer];
      addSpare(-found.byteLength);
      return found;
    },
    use: (memory) => count('long', memory.byteLength),
    release(memory) {
      count('long', -memory.byteLength);
      recycle(memory);
    },
    forget(memory) {
      count('long', -memory.byteLength);
      drop(memory.byteLength);
    },
    recycle,
    trim,
  };
}
