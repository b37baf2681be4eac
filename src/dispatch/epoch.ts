/** A time on the clock of `performance`, which differs from thread to thread, in milliseconds since the epoch. */
export function epochOf(time: number): number {
  return performance.timeOrigin + time;
}
