/**
 * Waits in a queue with several servers, by formula: Poisson arrivals, and service times with a known mean and variation.
 * Times are milliseconds, rates are requests a millisecond.
 */

export type QueueOptions = {
  rate: number;
  meanMs: number;
  /** The coefficient of variation of the service times. */
  cv: number;
  /** Requests that are served at once, over all instances. */
  servers: number;
};

export type ApproximateWait = {
  /** The share of requests that wait. */
  waiting: number;
  meanMs: number;
  p50Ms: number;
  p99Ms: number;
};

/**
 * The share of requests that wait in M/M/k: Erlang's formula C, by the recursion of his formula B, which overflows nowhere.
 * @param load the rate times the mean service time, below `servers`.
 */
export function erlangC(servers: number, load: number): number {
  let blocked = 1;
  for (let count = 1; count <= servers; count += 1) blocked = (load * blocked) / (count + load * blocked);
  const utilisation = load / servers;
  return blocked / (1 - utilisation * (1 - blocked));
}

/**
 * The approximation of Allen and Cunneen: the wait of M/M/k times half of 1 + cv². For one server its mean is exact (Pollaczek and
 * Khinchine), and so is everything for a cv of 1. The quantiles take the wait of those that wait for exponentially distributed.
 * @returns infinite waits for a load that the servers cannot serve.
 */
export function approximateWait({ rate, meanMs, cv, servers }: QueueOptions): ApproximateWait {
  const load = rate * meanMs;
  if (load >= servers) {
    return {
      waiting: 1,
      meanMs: Number.POSITIVE_INFINITY,
      p50Ms: Number.POSITIVE_INFINITY,
      p99Ms: Number.POSITIVE_INFINITY,
    };
  }
  const waiting = erlangC(servers, load);
  const waitMs = ((1 + cv ** 2) / 2) * (meanMs / (servers - load));
  const quantile = (share: number): number => Math.max(0, waitMs * Math.log(waiting / (1 - share)));
  return { waiting, meanMs: waiting * waitMs, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}
