/** How long requests took over about the last minute: counts in buckets whose widths grow with what they hold. */

/** A power of two is cut into so many buckets, one of ten into 53: a quantile is wrong by 3.2 % at the most. */
const BUCKETS_PER_OCTAVE = 16;
/** 2^-10 ms, about 1 µs, to 2^24 ms, over four hours; what is beyond goes into the first or the last bucket. */
const MIN_EXPONENT = -10;
const BUCKETS = 34 * BUCKETS_PER_OCTAVE;
/** The minute is forgotten a sixth at a time. */
const PART_MS = 10_000;
const PARTS = 6;

export type LatencyFigures = {
  /** Requests of which anything is known; the other figures are 0 when there are none. */
  count: number;
  /** What half of them did not exceed, in milliseconds. */
  p50: number;
  p99: number;
  /** Exactly. */
  max: number;
};

export type Latency = {
  /** Says that `count` requests took so long, in milliseconds. */
  record(ms: number, count?: number): void;
  /** Over the last 50 to 60 seconds. */
  read(): LatencyFigures;
};

export type Clock = {
  /** In milliseconds, from any point on. */
  now(): number;
  /** Must not keep the process alive. */
  after(ms: number, call: () => void): void;
};

const CLOCK: Clock = {
  now: () => performance.now(),
  after: (ms, call) => void setTimeout(call, ms).unref(),
};

/** To read a clock costs more than all else that a record does: that is left to a timer, while there are any. */
export function createLatency({ now, after }: Clock = CLOCK): Latency {
  const counts = new Uint32Array(PARTS * BUCKETS);
  const maxima = new Float64Array(PARTS);
  const startedAt = new Float64Array(PARTS).fill(Number.NEGATIVE_INFINITY);
  let part = 0;
  let isOpen = false;

  /** Forgets the oldest part, which is 60 seconds old at least, and puts what comes into its place. */
  function open(): void {
    isOpen = true;
    part = (part + 1) % PARTS;
    startedAt[part] = now();
    maxima[part] = 0;
    counts.fill(0, part * BUCKETS, (part + 1) * BUCKETS);
    after(PART_MS, close);
  }

  function close(): void {
    isOpen = false;
  }

  return {
    record(ms, count = 1) {
      if (!isOpen) open();
      const index = part * BUCKETS + bucketOf(ms);
      counts[index] = (counts[index] as number) + count;
      if (ms > (maxima[part] as number)) maxima[part] = ms;
    },
    read() {
      const since = now() - PARTS * PART_MS;
      const sums = new Float64Array(BUCKETS);
      let [count, max] = [0, 0];
      for (let from = 0; from < PARTS; from += 1) {
        if ((startedAt[from] as number) <= since) continue;
        max = Math.max(max, maxima[from] as number);
        for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
          const found = counts[from * BUCKETS + bucket] as number;
          sums[bucket] = (sums[bucket] as number) + found;
          count += found;
        }
      }
      const quantile = (share: number): number => Math.min(max, quantileOf(sums, Math.ceil(share * count)));
      return { count, p50: quantile(0.5), p99: quantile(0.99), max };
    },
  };
}

const FLOAT = new Float64Array(1);
const WORDS = new Uint32Array(FLOAT.buffer);
/** The word with the exponent: both systems that there are agents on are little-endian. */
const HIGH = 1;
const FIRST = (1023 + MIN_EXPONENT) * BUCKETS_PER_OCTAVE;

/** A floating-point number begins with its exponent, and with the bits that say how far it is on the way to the next. */
function bucketOf(ms: number): number {
  // Also what is no number at all goes into the first.
  if (!(ms > 0)) return 0;
  FLOAT[0] = ms;
  const bucket = ((WORDS[HIGH] as number) >>> 16) - FIRST;
  return bucket < 0 ? 0 : bucket >= BUCKETS ? BUCKETS - 1 : bucket;
}

/** The middle of the bucket in which the request stands that is the `rank`th by how long it took. */
function quantileOf(sums: Float64Array, rank: number): number {
  let sum = 0;
  let bucket = 0;
  for (; bucket < BUCKETS - 1; bucket += 1) {
    sum += sums[bucket] as number;
    if (sum >= rank) break;
  }
  const octave = Math.floor(bucket / BUCKETS_PER_OCTAVE);
  const way = ((bucket % BUCKETS_PER_OCTAVE) + 0.5) / BUCKETS_PER_OCTAVE;
  return 2 ** (MIN_EXPONENT + octave) * (1 + way);
}
