/** What queueing theory says of M/G/k: requests that arrive independently of each other, any service times, and k places. */

/**
 * The share of requests that wait in M/M/k: Erlang's formula C, computed by the recursion of formula B.
 * @param load the mean number of busy places, below `places`.
 */
export function erlangC(load: number, places: number): number {
  let blocked = 1;
  for (let place = 1; place <= places; place += 1) blocked = (load * blocked) / (place + load * blocked);
  const utilisation = load / places;
  return blocked / (1 - utilisation * (1 - blocked));
}

/**
 * The mean wait in M/G/k, by the approximation of Allen and Cunneen: that of M/M/k by the mean of the squared variations of
 * arrivals, which is 1, and of services. It is exact for one place, and for exponential services.
 */
export function meanWaitMs(
  perSecond: number,
  { meanMs, variation }: { meanMs: number; variation: number },
  places: number,
): number {
  const load = (perSecond * meanMs) / 1000;
  if (load >= places) return Number.POSITIVE_INFINITY;
  return ((erlangC(load, places) * meanMs) / (places - load)) * ((1 + variation ** 2) / 2);
}
