/** Puts the slopes of curves into the results, and into a sentence. */
import type { Sample } from '../measure.ts';
import type { Result } from '../results.ts';
import type { Curve } from './curve.ts';
import { type Costs, isGrowing, lastSlope, type Slope, wholeSlope } from './slope.ts';

type Found = ReadonlyMap<string, readonly ReadonlyMap<string, Sample>[]>;

/** The fields of a slope in the row of a curve's last point. */
const FIELDS = { whole: 'exponent', last: 'lastExponent' } as const;
export const GROWS = 'grows';
const TOO_FEW = 'too few rounds';

/** @param field the cost of one unit. */
export function withSlopes(results: Result[], found: Found, curves: readonly Curve[], field: string): Result[] {
  const slopes = new Map<string, Record<string, string | number>>();
  for (const { points } of curves) {
    const last = points.findLast(({ cell }) => results.some((result) => result.cell === cell));
    if (last === undefined) continue;
    const measured = points.filter(({ cell }) => found.has(cell));
    for (const contender of new Set(results.map((result) => result.contender))) {
      const costs = measured.map(
        ({ cell, x }): Costs => ({
          name: cell,
          x,
          rounds: (found.get(cell) ?? []).map((round) => round.get(contender)?.[field]),
        }),
      );
      slopes.set(keyOf(last.cell, contender), fieldsOf(wholeSlope(costs), lastSlope(costs)));
    }
  }
  return results.map((result) => ({ ...result, ...slopes.get(keyOf(result.cell, result.contender)) }));
}

/** One sentence: the curves whose unit becomes dearer, or that there is none. */
export function growthText(results: readonly Result[], curves: readonly Curve[]): string {
  const rows = curves.flatMap((curve) => {
    const row = results.find(
      ({ cell, contender, grows }) =>
        contender === 'launchpool' && grows !== undefined && curve.points.some((point) => point.cell === cell),
    );
    return row === undefined ? [] : [{ curve, row }];
  });
  if (rows.length === 0) return 'No curve has enough points.';
  const growing = rows.filter(({ row }) => row[GROWS] === 'yes');
  const undecided = rows.filter(({ row }) => row[GROWS] === TOO_FEW);
  const parts = growing.map(
    ({ curve: { name, unit }, row }) =>
      `${name}: the cost of one ${unit} grows with exponent ${Number(row[FIELDS.last]).toFixed(2)} from ${row.lastFrom} on`,
  );
  const rest = undecided.length === 0 ? '' : ` Of ${namesOf(undecided)}, there are too few rounds to tell.`;
  if (growing.length > 0) return `Some totals grow faster than linearly. Along ${parts.join('; along ')}.${rest}`;
  if (undecided.length === rows.length) return rest.trim();
  return `No total grows faster than linearly, along ${namesOf(rows.filter((row) => !undecided.includes(row)))}.${rest}`;
}

function namesOf(rows: readonly { curve: Curve }[]): string {
  return rows.map(({ curve }) => curve.name).join(', ');
}

function fieldsOf(whole: Slope | undefined, last: Slope | undefined): Record<string, string | number> {
  if (whole === undefined || last === undefined) return {};
  return {
    [FIELDS.whole]: rounded(whole.exponent),
    [`${FIELDS.whole}Interval`]: intervalText(whole),
    lastFrom: last.from,
    [FIELDS.last]: rounded(last.exponent),
    [`${FIELDS.last}Interval`]: intervalText(last),
    [GROWS]: isGrowing(last) ? 'yes' : Number.isFinite(last.low) ? 'no' : TOO_FEW,
  };
}

function intervalText({ low, high }: Slope): string {
  return Number.isFinite(low) ? `${low.toFixed(2)} to ${high.toFixed(2)}` : TOO_FEW;
}

function keyOf(cell: string, contender: string): string {
  return `${cell}\n${contender}`;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
