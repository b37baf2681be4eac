/** The slope of figures over time by least squares, with its standard error. */

export type Sample = { seconds: number; value: number };

export type Slope = {
  perHour: number;
  /** The standard error of the slope, per hour. */
  standardError: number;
  samples: number;
};

const HOUR_SECONDS = 3_600;

/** Undefined for fewer than three samples, which give no standard error. */
export function slopeOf(samples: readonly Sample[]): Slope | undefined {
  const count = samples.length;
  if (count < 3) return undefined;
  const mean = (of: (sample: Sample) => number): number => samples.reduce((sum, each) => sum + of(each), 0) / count;
  const meanX = mean(({ seconds }) => seconds);
  const meanY = mean(({ value }) => value);
  const spread = samples.reduce((sum, { seconds }) => sum + (seconds - meanX) ** 2, 0);
  if (spread === 0) return undefined;
  const slope = samples.reduce((sum, { seconds, value }) => sum + (seconds - meanX) * (value - meanY), 0) / spread;
  const squaredResiduals = samples.reduce((sum, { seconds, value }) => {
    const residual = value - meanY - slope * (seconds - meanX);
    return sum + residual ** 2;
  }, 0);
  const standardError = Math.sqrt(squaredResiduals / (count - 2) / spread);
  return { perHour: slope * HOUR_SECONDS, standardError: standardError * HOUR_SECONDS, samples: count };
}

/** Whether the slope is less than two standard errors, or negligible. */
export function isLevel({ perHour, standardError }: Slope, negligiblePerHour: number): boolean {
  return Math.abs(perHour) < 2 * standardError || Math.abs(perHour) < negligiblePerHour;
}
