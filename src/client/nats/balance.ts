/**
 * Chooses the instance for the next request: the one with the least work per speed. Knows nothing of links, and reads no
 * clock. Times are milliseconds of any clock that does not go back.
 */

/** An instance up to this much slower than the fastest one counts as equally fast: measurements of few requests vary so much. */
const EVEN_FACTOR = 1.4;
/** Shorter times are not told apart: they are those of the network and of the event loops. */
const FLOOR_MS = 1;
/** With fewer measurements nothing is known: the first replies of an instance take longer, since it loads what it needs. */
const MIN_MEASUREMENTS = 3;
/** The median of so many counts: one that is late because of another process says little of its instance. */
const MAX_MEASUREMENTS = 25;
/**
 * A slow instance is measured again: what is known of it loses its weight while this many requests go elsewhere. One that is
 * ten times slower gets one request in 300, and has no part in a 99th percentile.
 */
const FORGET_CHOICES = 100;
/** Methods whose times are known. A client that calls more names than this is not served better by knowing them. */
const MAX_METHODS = 1_000;

/** How long one instance takes for one method until the first sign of a reply. */
class ReplyTime {
  /** The newest last. */
  #measured: number[] = [];
  #measuredAt = 0;
  /** Undefined if too little is known. */
  ms: number | undefined;

  /** @param at the number of choices that were made so far. */
  add(ms: number, at: number): void {
    // After a pause, one measurement says more than all that is old.
    const kept = Math.max(MIN_MEASUREMENTS - 1, Math.floor((MAX_MEASUREMENTS - 1) * weightOf(at - this.#measuredAt)));
    if (this.#measured.length > kept) this.#measured = this.#measured.slice(-kept);
    this.#measured.push(ms);
    this.#measuredAt = at;
    const sorted = this.#measured.toSorted((a, b) => a - b);
    // While there are few, the shortest: the first ones have what is loaded only once.
    const place = this.#measured.length === MIN_MEASUREMENTS ? 0 : Math.floor(sorted.length / 2);
    if (sorted.length >= MIN_MEASUREMENTS) this.ms = sorted[place];
  }

  /** How it compares with the fastest time: 2 takes twice as long. */
  factor(fastestMs: number, at: number): number {
    if (this.ms === undefined) return 1;
    const factor = (this.ms + FLOOR_MS) / (fastestMs + FLOOR_MS);
    return 1 + (factor - 1) * weightOf(at - this.#measuredAt);
  }
}

function weightOf(choices: number): number {
  return Math.exp(-choices / FORGET_CHOICES);
}

/** A request that an instance has, as far as its load is concerned. */
export type Load = { readonly method: string; readonly sinceMs: number };

/** What one client knows of the load of one instance. */
export class InstanceLoad {
  readonly #balance: Balance;
  readonly #times = new Map<string, ReplyTime>();
  /** Requests of this client without a first sign of their reply, the oldest first. */
  readonly #silent = new Set<Load>();
  #open = 0;
  /** Free places by the last word of the instance, less what was sent since. */
  #places = 0;
  /** The number of the choice that fell on it last. Among equals, the smallest is next. */
  lastChoice = 0;

  constructor(balance: Balance) {
    this.#balance = balance;
  }

  /** Requests of this client without an outcome. */
  get open(): number {
    return this.#open;
  }

  /** An instance without a request of this client takes one: what it has said of its places may be old. */
  get hasPlace(): boolean {
    return this.#open === 0 || this.#places > 0;
  }

  /** The instance has said how many places it has. */
  grant(places: number): void {
    this.#places = places;
  }

  sent(method: string, nowMs: number): Load {
    const load = { method, sinceMs: nowMs };
    this.#silent.add(load);
    this.#open += 1;
    this.#places -= 1;
    return load;
  }

  /** The first sign of a reply: a value of its stream, or the reply itself. */
  answered(load: Load, nowMs: number): void {
    if (!this.#silent.delete(load)) return;
    let time = this.#times.get(load.method);
    if (time === undefined) {
      if (this.#times.size === MAX_METHODS) this.#times.clear();
      time = new ReplyTime();
      this.#times.set(load.method, time);
    }
    time.add(nowMs - load.sinceMs, this.#balance.choices);
  }

  /** The request has an outcome, or its caller has left it. */
  ended(load: Load): void {
    this.#silent.delete(load);
    this.#open -= 1;
    this.#places += 1;
  }

  timeOf(method: string): ReplyTime | undefined {
    return this.#times.get(method);
  }

  /** An instance that hangs is slow before it replies. */
  get oldestSilent(): Load | undefined {
    return this.#silent.values().next().value;
  }
}

type Candidate = { readonly load: InstanceLoad };

/** Chooses among the instances of one client. */
export class Balance {
  /** How often it has chosen. */
  choices = 0;

  /** @returns undefined if none has a place. */
  choose<Member extends Candidate>(members: Iterable<Member>, method: string, nowMs: number): Member | undefined {
    const free = [...members].filter(({ load }) => load.hasPlace);
    const fastestMs = fastest(free, method) ?? 0;
    let best: Member | undefined;
    let bestCost = Number.POSITIVE_INFINITY;
    for (const member of free) {
      const { load } = member;
      const time = load.timeOf(method)?.factor(fastestMs, this.choices) ?? 1;
      const factor = Math.max(time, waitedFactor(load, free, nowMs));
      const cost = (load.open + 1) * (factor < EVEN_FACTOR ? 1 : factor);
      const isBefore = best !== undefined && load.lastChoice < best.load.lastChoice;
      if (cost < bestCost || (cost === bestCost && isBefore)) [best, bestCost] = [member, cost];
    }
    if (best === undefined) return undefined;
    this.choices += 1;
    best.load.lastChoice = this.choices;
    return best;
  }
}

/** How many times longer its oldest silent request waits than it would take at the fastest instance. */
function waitedFactor({ oldestSilent }: InstanceLoad, all: readonly Candidate[], nowMs: number): number {
  const usualMs = oldestSilent && fastest(all, oldestSilent.method);
  if (oldestSilent === undefined || usualMs === undefined) return 1;
  return (nowMs - oldestSilent.sinceMs + FLOOR_MS) / (usualMs + FLOOR_MS);
}

/** Undefined if nothing is known of the method. */
function fastest(all: readonly Candidate[], method: string): number | undefined {
  let found: number | undefined;
  for (const { load } of all) {
    const ms = load.timeOf(method)?.ms;
    if (ms !== undefined && (found === undefined || ms < found)) found = ms;
  }
  return found;
}
