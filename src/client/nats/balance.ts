/**
 * Chooses the instance for the next request: the one with the least work per speed. Knows nothing of links, and reads no
 * clock. Times are milliseconds of any clock that does not go back.
 */

/** An instance up to this much slower than the fastest one counts as equally fast. */
const EVEN_FACTOR = 1.4;
/** Shorter times are not told apart: they are those of the network and of the event loops. */
const FLOOR_MS = 1;
/** With fewer measurements nothing is known. */
const MIN_MEASUREMENTS = 3;
/** The newest measurement counts for at least one in so many. */
const MAX_MEASUREMENTS = 32;
/**
 * An instance is slower than another one as far as it is beyond so many standard errors. Times vary: by the work itself, by
 * waits behind other requests, by what a first request loads. Without this bound, an instance that had a short queue for a
 * moment would pass for slow, and its requests would wait at the others.
 */
const STANDARD_ERRORS = 2;
/** A request without a reply is late beyond so many standard deviations. */
const LATE_DEVIATIONS = 3;
/**
 * A slow instance is measured again: what is known of it loses its weight while this many requests go elsewhere. One that is
 * ten times slower gets one request in 300, and has no part in a 99th percentile.
 */
const FORGET_CHOICES = 100;
const USUAL_PARTS = 16;
/** Failures of an instance that count as open requests, at most. */
const MAX_FAILED = 1_000;
/** Methods whose times are known. A client that calls more names than this is not served better by knowing them. */
const MAX_METHODS = 1_000;

/** How long one instance takes for one method until the first sign of a reply: mean and variance of the logarithm. */
class ReplyTime {
  #count = 0;
  #mean = 0;
  #variance = 0;
  #measuredAt = 0;

  /** @param at the number of choices that were made so far. */
  add(ms: number, at: number): void {
    // After a pause, one measurement says more than all that is old.
    const max = Math.max(MIN_MEASUREMENTS - 1, (MAX_MEASUREMENTS - 1) * weightOf(at - this.#measuredAt));
    this.#count = Math.min(this.#count, max) + 1;
    this.#measuredAt = at;
    const share = 1 / this.#count;
    const difference = Math.log(ms + FLOOR_MS) - this.#mean;
    this.#mean += share * difference;
    this.#variance = (1 - share) * (this.#variance + share * difference ** 2);
  }

  /** Whether enough was measured. */
  get isKnown(): boolean {
    return this.#count >= MIN_MEASUREMENTS;
  }

  /** The geometric mean. */
  get ms(): number {
    return Math.exp(this.#mean) - FLOOR_MS;
  }

  /** How many times longer than expected a request without a reply takes so far: up to 1 if it is not late. */
  lateness(waitedMs: number): number {
    const expected = this.#mean + LATE_DEVIATIONS * Math.sqrt(this.#variance);
    return Math.exp(Math.log(waitedMs + FLOOR_MS) - expected);
  }

  /** How it compares with the fastest time, at least: 2 takes twice as long. */
  factor(fastest: ReplyTime, at: number): number {
    const error = Math.sqrt(this.#squaredError + fastest.#squaredError);
    const factor = Math.exp(Math.max(0, this.#mean - fastest.#mean - STANDARD_ERRORS * error));
    return 1 + (factor - 1) * weightOf(at - this.#measuredAt);
  }

  get #squaredError(): number {
    return this.#variance / (this.#count - 1);
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
  /** Until when each quick failure counts as an open request, the earliest end first. */
  #failedUntilMs: number[] = [];
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
    this.#balance.noteTime(load.method, nowMs - load.sinceMs);
  }

  /**
   * The reply is an error, which says nothing of the speed. Until a result would have come, it counts as an open request: an
   * instance that fails at once would otherwise have the fewest of them, and get most of the calls.
   */
  failed(load: Load, nowMs: number): void {
    if (!this.#silent.delete(load)) return;
    const untilMs = load.sinceMs + this.#balance.usualMs(load.method);
    const failed = this.#failedUntilMs;
    if (untilMs <= nowMs || failed.length === MAX_FAILED) return;
    failed.splice(failed.findLastIndex((each) => each <= untilMs) + 1, 0, untilMs);
  }

  /** Requests that count for the balance. */
  weightAt(nowMs: number): number {
    const failed = this.#failedUntilMs;
    const over = failed.findIndex((untilMs) => untilMs > nowMs);
    if (over !== 0) this.#failedUntilMs = over === -1 ? [] : failed.slice(over);
    return this.#open + this.#failedUntilMs.length;
  }

  /** The request has an outcome, or its caller has left it. */
  ended(load: Load): void {
    this.#silent.delete(load);
    this.#open -= 1;
    this.#places += 1;
  }

  /** Undefined if too little is known. */
  timeOf(method: string): ReplyTime | undefined {
    const time = this.#times.get(method);
    return time?.isKnown ? time : undefined;
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
  /** How long results take, by method: a mean in which the newest has one part in {@link USUAL_PARTS}. */
  readonly #usualMs = new Map<string, number>();

  /** How long a result of the method takes, at any instance; 0 if that is not known. */
  usualMs(method: string): number {
    return this.#usualMs.get(method) ?? 0;
  }

  noteTime(method: string, ms: number): void {
    const before = this.#usualMs.get(method);
    if (before === undefined && this.#usualMs.size === MAX_METHODS) this.#usualMs.clear();
    this.#usualMs.set(method, before === undefined ? ms : before + (ms - before) / USUAL_PARTS);
  }

  /** @returns undefined if none has a place. */
  choose<Member extends Candidate>(members: Iterable<Member>, method: string, nowMs: number): Member | undefined {
    const free = [...members].filter(({ load }) => load.hasPlace);
    const fastest = fastestOf(free, method);
    let best: Member | undefined;
    let bestCost = Number.POSITIVE_INFINITY;
    for (const member of free) {
      const { load } = member;
      const time = (fastest && load.timeOf(method)?.factor(fastest, this.choices)) ?? 1;
      const factor = Math.max(time, latenessOf(load, free, nowMs));
      const cost = (load.weightAt(nowMs) + 1) * (factor < EVEN_FACTOR ? 1 : factor);
      const isBefore = best !== undefined && load.lastChoice < best.load.lastChoice;
      if (cost < bestCost || (cost === bestCost && isBefore)) [best, bestCost] = [member, cost];
    }
    if (best === undefined) return undefined;
    this.choices += 1;
    best.load.lastChoice = this.choices;
    return best;
  }
}

/** How late its oldest request without a reply is, by what the fastest instance needs. */
function latenessOf({ oldestSilent }: InstanceLoad, all: readonly Candidate[], nowMs: number): number {
  if (oldestSilent === undefined) return 1;
  return fastestOf(all, oldestSilent.method)?.lateness(nowMs - oldestSilent.sinceMs) ?? 1;
}

/** Undefined if nothing is known of the method. */
function fastestOf(all: readonly Candidate[], method: string): ReplyTime | undefined {
  let found: ReplyTime | undefined;
  for (const { load } of all) {
    const time = load.timeOf(method);
    if (time !== undefined && (found === undefined || time.ms < found.ms)) found = time;
  }
  return found;
}
