/** Finds growth of a process's resources over reloads. */
import { isLevel, slopeOf } from './slope.ts';

/** Taken after each reload, as soon as the new version answers. */
export type ReloadSample = { rssMiB: number; descriptors: number; threads: number };

const DESCRIPTORS_MORE = 4;
/** Fewer samples may lie on a slope by chance, while the heap of a young process grows to its size. */
const MIN_SAMPLES = 20;
/** A leaked thread, or leaked code of a module, takes megabytes; less than this is noise of the allocator. */
const NEGLIGIBLE_MIB_PER_RELOAD = 0.5;
/** Slopes are per hour; each reload counts as one hour. */
const HOUR_SECONDS = 3_600;

export function reloadFaults(samples: readonly ReloadSample[]): string[] {
  const middle = Math.floor(samples.length / 2);
  const earlier = samples.slice(0, middle);
  const later = samples.slice(middle);
  const last = later.at(-1);
  if (earlier.length === 0 || last === undefined) return [];
  // Old threads may still be ending when the new ones answer, so the maximum of the earlier half is the reference.
  const max = (name: keyof ReloadSample): number => Math.max(...earlier.map((sample) => sample[name]));
  const faults: string[] = [];
  if (last.threads > max('threads')) faults.push(`threads: ${max('threads')} → ${last.threads}`);
  if (last.descriptors > max('descriptors') + DESCRIPTORS_MORE) {
    faults.push(`descriptors: ${max('descriptors')} → ${last.descriptors}`);
  }
  if (later.length < MIN_SAMPLES) return faults;
  const slope = slopeOf(later.map(({ rssMiB }, nth) => ({ seconds: nth * HOUR_SECONDS, value: rssMiB })));
  if (slope !== undefined && slope.perHour > 0 && !isLevel(slope, NEGLIGIBLE_MIB_PER_RELOAD)) {
    faults.push(`memory grows by ${slope.perHour.toFixed(2)} ± ${slope.standardError.toFixed(2)} MiB with each reload`);
  }
  return faults;
}
