/** The results of the guard as text. */
import { numberText, tableText } from '../text.ts';
import type { Comparison, Ratio } from './comparison.ts';
import type { GuardFailure } from './rounds.ts';

const VERDICTS = { loss: 'LOSS', none: 'no loss', open: 'undecided' } as const;

export function comparisonTable(comparisons: readonly Comparison[]): string {
  const head = ['cell', 'other', 'this', 'ratio', '95 % interval', 'this / itself', '95 % interval', ''];
  const rows = comparisons.map(({ cell, unit, other, this: own, toOther, toItself, verdict, noisy }) => [
    cell,
    numberText(other, unit),
    numberText(own, unit),
    threeDigits(toOther.ratio),
    intervalText(toOther),
    threeDigits(toItself.ratio),
    intervalText(toItself),
    noisy ? `${VERDICTS[verdict]}, noisy` : VERDICTS[verdict],
  ]);
  return tableText([head, ...rows]);
}

/** One line for each cell that needs attention. */
export function findings(comparisons: readonly Comparison[], below: number): string[] {
  return comparisons.flatMap((comparison) => {
    const { cell, toOther, toItself, verdict, noisy } = comparison;
    const lines: string[] = [];
    if (verdict === 'loss') {
      lines.push(
        `${cell}: a loss. This checkout is at ${threeDigits(toOther.ratio)} of the other commit; the whole interval ` +
          `${intervalText(toOther)} is below ${below}.`,
      );
    }
    if (verdict === 'open') {
      lines.push(
        `${cell}: undecided. The interval ${intervalText(toOther)} contains ${below}. More rounds make it narrower.`,
      );
    }
    if (noisy) {
      lines.push(
        `${cell}: the machine is too noisy for this cell. This checkout is at ${threeDigits(toItself.ratio)} of its own ` +
          `copy, ${intervalText(toItself)}. Repeat the run when the machine is quiet.`,
      );
    }
    return lines;
  });
}

export function failureText({ cell, round, side, message }: GuardFailure): string {
  return `${cell}, ${side}, round ${round}: ${message}`;
}

export function intervalText({ low, high }: Ratio): string {
  return `${threeDigits(low)} to ${threeDigits(high)}`;
}

function threeDigits(ratio: number): string {
  return Number.isFinite(ratio) ? ratio.toFixed(3) : '∞';
}
