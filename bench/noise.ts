/** What the rounds show of a ratio: its interval of 95 %, and a mark where that interval does not exclude 1. */
import { signedRankInterval } from './guard/interval.ts';
import type { Ratio, Sample } from './measure.ts';
import type { Column } from './question.ts';
import type { Result } from './results.ts';
import { numberText } from './text.ts';

/** With fewer rounds, an interval of 95 % does not exist. */
export const MIN_ROUNDS = 6;

/** The interval includes 1: the rounds show no difference. */
const NO_DIFFERENCE = '≈';
/** There are too few rounds for an interval. */
const NO_INTERVAL = '?';

export const NOISE_LEGEND: string =
  `${NO_DIFFERENCE} before a ratio: its interval of 95 % over the rounds includes 1, so the rounds show no difference. ` +
  `${NO_INTERVAL} before a ratio: fewer than ${MIN_ROUNDS} rounds have it, and no such interval exists.`;

/** In the results, the bounds of a ratio stand beside it. A bound of null belongs to too few rounds. */
export function boundsOf(field: string): { low: string; high: string } {
  return { low: `${field}Low`, high: `${field}High` };
}

/**
 * The interval of a ratio over the rounds, as fields of a result. Empty for the baseline itself, whose ratio is 1 in
 * every round.
 * @param rounds the samples of each round, by contender.
 */
export function ratioBounds(
  rounds: readonly ReadonlyMap<string, Sample>[],
  contender: string,
  { field, of, to }: Ratio,
): Record<string, number | null> {
  if (contender === to) return {};
  const logarithms = rounds.flatMap((round) => {
    const [value, baseline] = [round.get(contender)?.[of], round.get(to)?.[of]];
    return value !== undefined && baseline !== undefined && value > 0 && baseline > 0
      ? [Math.log(value / baseline)]
      : [];
  });
  if (logarithms.length === 0) return {};
  const { low, high } = signedRankInterval(logarithms);
  const names = boundsOf(field);
  return { [names.low]: finite(Math.exp(low)), [names.high]: finite(Math.exp(high)) };
}

/** A figure as a table shows it: a ratio within its own noise has a mark. Results of earlier runs have no bounds. */
export function figureText(result: Result, { field, unit }: Pick<Column, 'field' | 'unit'>): string {
  const text = numberText(result[field], unit);
  if (unit !== 'ratio' || typeof result[field] !== 'number') return text;
  const mark = markOf(result, field);
  return mark === '' ? text : `${mark} ${text}`;
}

/** Whether a row of these columns has a mark, which needs the legend. */
export function hasMarks(results: readonly Result[], columns: readonly Pick<Column, 'field' | 'unit'>[]): boolean {
  return results.some((result) =>
    columns.some(
      ({ field, unit }) => unit === 'ratio' && typeof result[field] === 'number' && markOf(result, field) !== '',
    ),
  );
}

function markOf(result: Result, field: string): string {
  const names = boundsOf(field);
  const [low, high] = [result[names.low], result[names.high]];
  if (low === undefined || high === undefined) return '';
  if (low === null || high === null) return NO_INTERVAL;
  return Number(low) <= 1 && Number(high) >= 1 ? NO_DIFFERENCE : '';
}

/** JSON has no infinity. An unbounded interval begins at 0 and has no end. */
function finite(bound: number): number | null {
  return bound > 0 && Number.isFinite(bound) ? Number(bound.toPrecision(4)) : null;
}
