/** The deadlines and limits that the module gives its methods: which of them a frame falls under. */
import { scanMethods } from '../../../wire/method-scan.ts';
import type { MethodOptions } from '../../../workers/task.ts';

/** How many requests of one method may run at once, over all threads, and how many do. */
export class MethodPlaces {
  max = Number.POSITIVE_INFINITY;
  running = 0;
}

/** What the methods of one frame have together. */
export type FrameLimits = {
  /** The shortest time of its methods; Infinity without one. */
  timeoutMs: number;
  /** One for each method with a limit; undefined without one. */
  places: readonly MethodPlaces[] | undefined;
};

type Method = { timeoutMs: number; places: MethodPlaces | undefined };

export class MethodLimits {
  /** Whether no method has an option: then no frame need be scanned. */
  isEmpty = true;
  readonly #methods = new Map<string, Method>();
  /** Kept over a reload, since requests of the earlier version run on. */
  readonly #places = new Map<string, MethodPlaces>();

  /** Takes the options of the module, or of the version that has replaced it. */
  set(options: MethodOptions = {}): void {
    this.#methods.clear();
    // Of a method that has no limit any more, every request that waits may start.
    for (const places of this.#places.values()) places.max = Number.POSITIVE_INFINITY;
    for (const [name, { timeoutMs = Number.POSITIVE_INFINITY, concurrency }] of Object.entries(options)) {
      const places = concurrency === undefined ? undefined : this.#placesOf(name);
      if (places !== undefined && concurrency !== undefined) places.max = concurrency;
      this.#methods.set(name, { timeoutMs, places });
    }
    this.isEmpty = this.#methods.size === 0;
  }

  /** The limits of a frame; undefined if none of its methods has an option. */
  of(payload: Buffer): FrameLimits | undefined {
    let found: FrameLimits | undefined;
    scanMethods(payload, (name) => {
      const method = this.#methods.get(name);
      if (method !== undefined) found = merged(found, method);
    });
    return found;
  }

  #placesOf(name: string): MethodPlaces {
    const places = this.#places.get(name) ?? new MethodPlaces();
    this.#places.set(name, places);
    return places;
  }
}

/** A batch has one deadline, since it has one reply, and one place of each of its methods. */
function merged(found: FrameLimits | undefined, { timeoutMs, places }: Method): FrameLimits {
  const all = found?.places ?? [];
  const isNew = places !== undefined && !all.includes(places);
  return {
    timeoutMs: Math.min(found?.timeoutMs ?? Number.POSITIVE_INFINITY, timeoutMs),
    places: isNew ? [...all, places] : found?.places,
  };
}
