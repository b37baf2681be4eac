/** Whether what a process takes grows with each reload. */
import { isLevel, slopeOf } from './slope.ts';

/** Of one reload, as soon as the new version answers. */
export type ReloadSample = { rssMiB: number; descriptors: number; threads: number };

const DESCRIPTORS_MORE = 4;
/** Of the later half: fewer lie on a slope by chance, while the heap of a young process still finds its size. */
const MIN_SAMPLES = 20;
/** A reload that left a thread, or the module's code, behind would take megabytes; less than this is the allocator's. */
const NEGLIGIBLE_MIB_PER_RELOAD = 0.5;
/** Slopes are by the hour; here a reload stands for one. */
const HOUR_SECONDS = 3_600;

export function reloadFaults(samples: readonly ReloadSample[]): string[] {
  const middle = Math.floor(samples.length / 2);
  const earlier = samples.slice(0, middle);
  const later = samples.slice(middle);
  const last = later.at(-1);
  if (earlier.length === 0 || last === undefined) return [];
  // Old threads may be about to end when the new ones answer, so it is the most of the earlier half that counts.
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
