/** How steeply figures rise over time, by least squares, and how sure that is. */

export type Sample = { seconds: number; value: number };

export type Slope = {
  perHour: number;
  /** One standard error of the slope. */
  standardError: number;
  samples: number;
};

const HOUR_SECONDS = 3_600;

/** Undefined of fewer than three samples, which say nothing of how sure it is. */
export function slopeOf(samples: readonly Sample[]): Slope | undefined {
  const count = samples.length;
  if (count < 3) return undefined;
  const mean = (of: (sample: Sample) => number): number => samples.reduce((sum, each) => sum + of(each), 0) / count;
  const meanX = mean(({ seconds }) => seconds);
  const meanY = mean(({ value }) => value);
  const spread = samples.reduce((sum, { seconds }) => sum + (seconds - meanX) ** 2, 0);
  if (spread === 0) return undefined;
  const slope = samples.reduce((sum, { seconds, value }) => sum + (seconds - meanX) * (value - meanY), 0) / spread;
  const left = samples.reduce((sum, { seconds, value }) => {
    const residual = value - meanY - slope * (seconds - meanX);
    return sum + residual ** 2;
  }, 0);
  const standardError = Math.sqrt(left / (count - 2) / spread);
  return { perHour: slope * HOUR_SECONDS, standardError: standardError * HOUR_SECONDS, samples: count };
}

/** Whether it may as well be level: less than two standard errors, or so little that nobody would notice. */
export function isLevel({ perHour, standardError }: Slope, negligiblePerHour: number): boolean {
  return Math.abs(perHour) < 2 * standardError || Math.abs(perHour) < negligiblePerHour;
}
