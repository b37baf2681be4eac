/** The arithmetic of the bench: order, medians, ratios. Starts no process. */

/** The figures of one measurement, by name. */
export type Sample = Readonly<Record<string, number>>;

/** A figure of one contender, divided by the same figure of another, in the same round. */
export type Ratio = { field: string; of: string; to: string };

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('an empty list has no median');
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Each field's median over the rounds. */
export function medians(rounds: readonly Sample[]): Sample {
  const fields = new Set(rounds.flatMap((sample) => Object.keys(sample)));
  return Object.fromEntries(
    [...fields].map((field) => [
      field,
      median(rounds.map((sample) => sample[field]).filter((value) => value !== undefined)),
    ]),
  );
}

/**
 * The median, over the rounds, of the ratios within each round. Both are measured close together in a round, so a slow
 * phase of the machine slows both.
 * @param rounds the samples of each round, by contender.
 * @returns null when no round has both.
 */
export function medianRatio(
  rounds: readonly ReadonlyMap<string, Sample>[],
  contender: string,
  { of, to }: Omit<Ratio, 'field'>,
): number | null {
  const ratios: number[] = [];
  for (const round of rounds) {
    const [value, baseline] = [round.get(contender)?.[of], round.get(to)?.[of]];
    if (value !== undefined && baseline !== undefined && baseline > 0) ratios.push(value / baseline);
  }
  return ratios.length === 0 ? null : median(ratios);
}

/** A new order each time, so that no contender always follows the same one. */
export function shuffled<T>(items: readonly T[], random: () => number = Math.random): T[] {
  const order = [...items];
  for (let index = order.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [order[index], order[other]] = [order[other] as T, order[index] as T];
  }
  return order;
}
