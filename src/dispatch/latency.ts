/** Request latencies over about the last minute: a histogram whose bucket widths grow with the values. */

/** Buckets per power of two, 53 per power of ten: the error of a quantile is at most 3.2 %. */
const BUCKETS_PER_OCTAVE = 16;
/** From 2^-10 ms, about 1 µs, to 2^24 ms, over four hours; other values go into the first or the last bucket. */
const MIN_EXPONENT = -10;
const BUCKETS = 34 * BUCKETS_PER_OCTAVE;
/** The histogram forgets a sixth of the minute at a time. */
const PART_MS = 10_000;
const PARTS = 6;

export type LatencyFigures = {
  /** The number of recorded requests; the other figures are 0 when it is 0. */
  count: number;
  /** The quantiles and the maximum, in milliseconds. */
  p50: number;
  p99: number;
  /** Exactly. */
  max: number;
};

export type Latency = {
  /** Records that each of `count` requests took `ms` milliseconds. */
  record(ms: number, count?: number): void;
  /** Over the last 50 to 60 seconds. */
  read(): LatencyFigures;
};

export type Clock = {
  /** In milliseconds since any fixed time. */
  now(): number;
  /** Must not keep the process alive. */
  after(ms: number, call: () => void): void;
};

const CLOCK: Clock = {
  now: () => performance.now(),
  after: (ms, call) => void setTimeout(call, ms).unref(),
};

/** A clock reading costs more than the rest of `record()`: while requests come, a timer marks the parts of the minute. */
export function createLatency({ now, after }: Clock = CLOCK): Latency {
  const counts = new Uint32Array(PARTS * BUCKETS);
  const maxima = new Float64Array(PARTS);
  const startedAt = new Float64Array(PARTS).fill(Number.NEGATIVE_INFINITY);
  let part = 0;
  let isOpen = false;

  /** Replaces the oldest part, which is at least 60 seconds old. */
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
/** The word with the exponent: all supported systems are little-endian. */
const HIGH = 1;
const FIRST = (1023 + MIN_EXPONENT) * BUCKETS_PER_OCTAVE;

/** The first bits of a floating-point number are its exponent, and its position on the way to the next power of two. */
function bucketOf(ms: number): number {
  // NaN goes into the first bucket too.
  if (!(ms > 0)) return 0;
  FLOAT[0] = ms;
  const bucket = ((WORDS[HIGH] as number) >>> 16) - FIRST;
  return bucket < 0 ? 0 : bucket >= BUCKETS ? BUCKETS - 1 : bucket;
}

/** The middle of the bucket that holds the request with this rank, in the order of latencies. */
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
