/** What must be checked at a time, by that time: a binary heap, so that a check visits nothing that is not due. */

export type Timed = {
  /** When to check it, on the clock of `performance`. Must not change while it is in the heap. */
  readonly checkAt: number;
  /** Whether there is nothing left to check. */
  readonly isOver: boolean;
};

/** Below this number, items that are over stay in the heap until their time. */
const MIN_LIMIT = 1024;

/** Adding and taking cost logarithmic time; items that are over are removed in bulk, which costs constant time for each. */
export class DueHeap<Item extends Timed> {
  #items: Item[] = [];
  /** At this number, the items that are over are removed. */
  #limit = MIN_LIMIT;

  get size(): number {
    return this.#items.length;
  }

  add(item: Item): void {
    if (this.#items.length >= this.#limit) this.#removeOver();
    this.#items.push(item);
    this.#rise(this.#items.length - 1);
  }

  /** Removes an item whose time has come, and returns it: the earliest one. */
  takeDue(now: number): Item | undefined {
    const [first] = this.#items;
    if (first === undefined || first.checkAt > now) return undefined;
    const last = this.#items.pop() as Item;
    if (this.#items.length > 0) this.#sink(last);
    return first;
  }

  clear(): void {
    this.#items = [];
    this.#limit = MIN_LIMIT;
  }

  #removeOver(): void {
    // A sorted array is a heap.
    this.#items = this.#items.filter(({ isOver }) => !isOver).sort((one, other) => one.checkAt - other.checkAt);
    this.#limit = Math.max(MIN_LIMIT, 2 * this.#items.length);
  }

  #rise(from: number): void {
    const item = this.#items[from] as Item;
    let at = from;
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = this.#items[parentAt] as Item;
      if (parent.checkAt <= item.checkAt) break;
      this.#items[at] = parent;
      at = parentAt;
    }
    this.#items[at] = item;
  }

  /** Puts an item in the place of the first one, and moves it down. */
  #sink(item: Item): void {
    const { length } = this.#items;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      const right = child + 1;
      const isRight = right < length && (this.#items[right] as Item).checkAt < (this.#items[child] as Item).checkAt;
      const next = isRight ? right : child;
      if ((this.#items[next] as Item).checkAt >= item.checkAt) break;
      this.#items[at] = this.#items[next] as Item;
      at = next;
    }
    this.#items[at] = item;
  }
}
