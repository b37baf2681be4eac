/** Finds growth of an agent's resources over a soak. */
import { isLevel, type Slope } from './slope.ts';

export type SoakSample = { seconds: number; rssMiB: number; heapMiB: number; descriptors: number; threads: number };

const NEGLIGIBLE_MIB_PER_HOUR = 1;
/** Connections open and close; growth over time exceeds this. */
const DESCRIPTORS_MORE = 4;

/**
 * @param slope of the memory, in MiB per hour.
 * @param samples of the second half of the soak.
 */
export function growthFaults(slope: Slope | undefined, samples: readonly SoakSample[]): string[] {
  const faults: string[] = [];
  if (slope === undefined) faults.push('too few samples for a slope');
  else if (slope.perHour > 0 && !isLevel(slope, NEGLIGIBLE_MIB_PER_HOUR)) {
    faults.push(`memory grows by ${slope.perHour.toFixed(2)} ± ${slope.standardError.toFixed(2)} MiB an hour`);
  }
  const [first, last] = [samples[0], samples.at(-1)];
  if (first && last && last.descriptors > first.descriptors + DESCRIPTORS_MORE) {
    faults.push(`descriptors: ${first.descriptors} → ${last.descriptors}`);
  }
  // The pool starts and ends threads with the load, so a single sample proves nothing.
  const middle = Math.ceil(samples.length / 2);
  const max = Math.max(...samples.slice(0, middle).map(({ threads }) => threads));
  const min = Math.min(...samples.slice(middle).map(({ threads }) => threads));
  if (samples.length > middle && min > max) faults.push(`threads: at most ${max} → at least ${min}`);
  return faults;
}
