/**
 * The slope of a curve on logarithmic axes, which is an exponent: where the cost of one unit grows with exponent 0.5, the
 * cost of all units grows with 1.5, faster than linearly.
 */
import { signedRankInterval } from '../guard/interval.ts';
import { median } from '../measure.ts';

/** One point, and the cost of a unit there in each round; undefined for a round in which it was not measured. */
export type Costs = { name: string; x: number; rounds: readonly (number | undefined)[] };

export type Slope = {
  /** The name of the first point of the part that the slope is of. */
  from: string;
  exponent: number;
  /** The interval of 95 % over the rounds; unbounded with too few of them. */
  low: number;
  high: number;
};

/** A smaller exponent is taken for none. */
export const MIN_EXPONENT = 0.1;
/** A line through two points has no noise of its own. */
const MIN_POINTS = 3;

/** The slope of the whole curve; undefined if no round has enough points. */
export function wholeSlope(costs: readonly Costs[]): Slope | undefined {
  return slopeOf(costs);
}

/**
 * The slope from the cheapest size on. Up to there, what is paid once, such as the start of a process, is divided among
 * more and more units, and hides a growth.
 */
export function lastSlope(costs: readonly Costs[]): Slope | undefined {
  const medians = costs.map(({ rounds }) => {
    const measured = rounds.filter((cost) => cost !== undefined);
    return measured.length === 0 ? Number.POSITIVE_INFINITY : median(measured);
  });
  const cheapest = medians.indexOf(Math.min(...medians));
  return slopeOf(costs.slice(Math.max(0, Math.min(cheapest, costs.length - MIN_POINTS))));
}

/** Whether the cost of a unit grows by more than the noise of the rounds. */
export function isGrowing(slope: Slope | undefined): boolean {
  return slope !== undefined && slope.low > MIN_EXPONENT;
}

function slopeOf(costs: readonly Costs[]): Slope | undefined {
  const [first] = costs;
  const count = Math.max(0, ...costs.map(({ rounds }) => rounds.length));
  const exponents = Array.from({ length: count }, (_unused, round) => {
    const points = costs.flatMap(({ x, rounds }) => {
      const cost = rounds[round];
      return cost !== undefined && cost > 0 ? [{ x: Math.log(x), y: Math.log(cost) }] : [];
    });
    return points.length === costs.length && points.length >= MIN_POINTS ? lineOf(points) : undefined;
  }).filter((exponent) => exponent !== undefined);
  if (first === undefined || exponents.length === 0) return undefined;
  const { estimate, low, high } = signedRankInterval(exponents);
  return { from: first.name, exponent: estimate, low, high };
}

/** The slope of the straight line with the least squares. */
function lineOf(points: readonly { x: number; y: number }[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [middleX, middleY] = [mean(points.map(({ x }) => x)), mean(points.map(({ y }) => y))];
  const products = points.reduce((sum, { x, y }) => sum + (x - middleX) * (y - middleY), 0);
  const squares = points.reduce((sum, { x }) => sum + (x - middleX) ** 2, 0);
  return products / squares;
}
