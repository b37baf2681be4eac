/** A queue with two open ends. An array moves all its items when one is added or removed in front. */

const MIN_CAPACITY = 8;

export class Deque<Item> implements Iterable<Item> {
  /** How many items it has. */
  length = 0;
  /** A ring; its length is a power of two. */
  #ring: (Item | undefined)[] = [];
  #head = 0;

  get first(): Item | undefined {
    return this.#ring[this.#head];
  }

  get last(): Item | undefined {
    return this.length === 0 ? undefined : this.#ring[(this.#head + this.length - 1) & (this.#ring.length - 1)];
  }

  push(item: Item): void {
    if (this.length === this.#ring.length) this.#grow();
    this.#ring[(this.#head + this.length) & (this.#ring.length - 1)] = item;
    this.length += 1;
  }

  /** Adds an item in front. */
  unshift(item: Item): void {
    if (this.length === this.#ring.length) this.#grow();
    this.#head = (this.#head - 1) & (this.#ring.length - 1);
    this.#ring[this.#head] = item;
    this.length += 1;
  }

  /** Removes the first item and returns it. */
  shift(): Item | undefined {
    if (this.length === 0) return undefined;
    const item = this.#ring[this.#head];
    this.#ring[this.#head] = undefined;
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.length -= 1;
    return item;
  }

  /** Removes the items for which `isKept` returns false. */
  keep(isKept: (item: Item) => boolean): void {
    const items = [...this].filter(isKept);
    this.clear();
    for (const item of items) this.push(item);
  }

  clear(): void {
    this.#ring = [];
    this.#head = 0;
    this.length = 0;
  }

  *[Symbol.iterator](): Iterator<Item> {
    for (let at = 0; at < this.length; at += 1) {
      yield this.#ring[(this.#head + at) & (this.#ring.length - 1)] as Item;
    }
  }

  #grow(): void {
    const items = [...this];
    const capacity = Math.max(MIN_CAPACITY, 2 * this.#ring.length);
    this.#ring = new Array<Item | undefined>(capacity).fill(undefined);
    for (const [at, item] of items.entries()) this.#ring[at] = item;
    this.#head = 0;
  }
}
