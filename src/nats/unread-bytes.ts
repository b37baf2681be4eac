/** Bytes that wait for their reader. Many short messages take hardly more memory than their bytes, and no longer to read. */

/** Bounds of the size of a block, in bytes. Between them, a block is as large as everything before it. */
const MIN_BLOCK = 4_096;
const MAX_BLOCK = 65_536;

export class UnreadBytes {
  readonly #blocks: Buffer[] = [];
  /** How much of the last block is filled. */
  #filled = 0;
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  /** The memory that is held, in bytes. */
  get heldBytes(): number {
    return this.#blocks.reduce((sum, block) => sum + block.length, 0);
  }

  /** Copies the bytes: a part of a message would keep the memory of a whole read. */
  push(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length; ) {
      const block = this.#lastWithRoom();
      const part = bytes.subarray(start, start + block.length - this.#filled);
      block.set(part, this.#filled);
      this.#filled += part.length;
      this.#length += part.length;
      start += part.length;
    }
  }

  /** Removes the oldest bytes, as many as are in one block. Undefined if there are none. */
  shift(): Buffer | undefined {
    const block = this.#blocks.shift();
    if (block === undefined) return undefined;
    const bytes = this.#blocks.length === 0 ? block.subarray(0, this.#filled) : block;
    this.#length -= bytes.length;
    return bytes;
  }

  clear(): void {
    this.#blocks.length = 0;
    this.#length = 0;
  }

  #lastWithRoom(): Buffer {
    const last = this.#blocks.at(-1);
    if (last !== undefined && this.#filled < last.length) return last;
    const block = Buffer.allocUnsafeSlow(Math.min(Math.max(this.#length, MIN_BLOCK), MAX_BLOCK));
    this.#blocks.push(block);
    this.#filled = 0;
    return block;
  }
}
