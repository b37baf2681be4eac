/** From the samples of a run to a comparison of each cell. */
import { median } from '../measure.ts';
import type { Unit } from '../text.ts';
import type { GuardCell } from './cells.ts';
import { hodgesLehmann, signedRankInterval } from './interval.ts';
import type { Sample } from './rounds.ts';
import type { Side } from './side.ts';

/** Below 1 this checkout is worse, for rates, times and memory alike. */
export type Ratio = { ratio: number; low: number; high: number };

export type Comparison = {
  cell: string;
  unit: Unit;
  /** How many rounds have a ratio to the other commit. */
  rounds: number;
  other: number;
  this: number;
  toOther: Ratio;
  /** This checkout compared with its copy. */
  toItself: Ratio;
  /**
   * loss: the whole interval is below the limit. none: no part of it is. open: the limit is within the interval.
   */
  verdict: 'loss' | 'none' | 'open';
  /** Whether the machine makes this checkout differ from its copy by more than the limit allows. */
  noisy: boolean;
};

/** @returns undefined for a cell that was not measured in any round. */
export function compare(
  { name, unit, better }: Pick<GuardCell, 'name' | 'unit' | 'better'>,
  samples: readonly Sample[],
  below: number,
): Comparison | undefined {
  const own = samples.filter(({ cell }) => cell === name);
  const [toOther, toItself] = (['other', 'again'] as const).map((side) => roundRatios(own, side, better));
  if (!toOther?.length || !toItself?.length) return undefined;
  const ratio = ratioOf(toOther);
  const noise = ratioOf(toItself);
  const medianOf = (wanted: Side): number =>
    median(own.filter(({ side }) => side === wanted).map(({ value }) => value));
  return {
    cell: name,
    unit,
    rounds: toOther.length,
    other: medianOf('other'),
    this: medianOf('this'),
    toOther: ratio,
    toItself: noise,
    verdict: ratio.high < below ? 'loss' : ratio.low >= below ? 'none' : 'open',
    noisy: noise.high < below || noise.low > 1 / below,
  };
}

/**
 * One log ratio a round, from those of its repeats. The repeats of a round are not independent: they use the same agents,
 * which differ from one start to the next. Counted one by one, they would make the interval too narrow.
 */
export function roundRatios(samples: readonly Sample[], to: Side, better: GuardCell['better']): number[] {
  const rounds = Map.groupBy(samples, ({ round }) => round);
  return [...rounds.values()].flatMap((round) => {
    const repeats = [...Map.groupBy(round, ({ repeat }) => repeat).values()].flatMap((repeat) => {
      const [own, baseline] = (['this', to] as const).map((side) => repeat.find((sample) => sample.side === side));
      // A rate of 0 means that the process did not get the processor in so short a time.
      if (!own?.value || !baseline?.value) return [];
      const ratio = Math.log(own.value / baseline.value);
      return [better === 'higher' ? ratio : -ratio];
    });
    return repeats.length === 0 ? [] : [hodgesLehmann(repeats)];
  });
}

function ratioOf(logarithms: readonly number[]): Ratio {
  const { estimate, low, high } = signedRankInterval(logarithms);
  return { ratio: Math.exp(estimate), low: Math.exp(low), high: Math.exp(high) };
}
