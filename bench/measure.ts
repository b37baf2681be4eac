/** The arithmetic of the bench: order, medians, ratios. Knows nothing of processes. */

/** What one measurement has found, by name. */
export type Sample = Readonly<Record<string, number>>;

/** A number of one contender, divided by the same of another, in the same round. */
export type Ratio = { field: string; of: string; to: string };

export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('nothing has no median');
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
 * The ratio is taken within each round, where both were measured close together, and its median over the rounds:
 * what slows the machine for a while slows both.
 * @param rounds in each round, what was measured, by contender.
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

/** A new order each time, so that no contender always comes behind the same one. */
export function shuffled<T>(items: readonly T[], random: () => number = Math.random): T[] {
  const order = [...items];
  for (let index = order.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [order[index], order[other]] = [order[other] as T, order[index] as T];
  }
  return order;
}
