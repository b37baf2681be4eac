/** From the samples of a question to its results: medians over the rounds, ratios with their intervals, missing rows. */
import { type Contender, isWanted, TWINS } from './line-up.ts';
import { medianRatio, medians, type Sample } from './measure.ts';
import { ratioBounds } from './noise.ts';
import type { Cell, Missing, Question } from './question.ts';
import { type Result, TO_LAUNCHPOOL } from './results.ts';

/** One question, with the cells and contenders that take part. */
export type Entry = { question: Question; cells: readonly Cell[]; contenders: readonly Contender[]; rounds: number };

/** Cell → the samples of each round, by contender. */
export type Found = Map<string, Map<string, Sample>[]>;

export function contendersIn({ contenders }: Pick<Entry, 'contenders'>, { without = [] }: Cell): Contender[] {
  return contenders.filter(({ kind }) => !without.includes(kind));
}

/** Why this row cannot be measured; undefined if it can. */
export function missingIn(missing: readonly Missing[], cell: Cell, { name, kind }: Contender): string | undefined {
  return missing.find(
    (each) => (each.contender === name || each.contender === kind) && (each.cell ?? cell.name) === cell.name,
  )?.why;
}

export function resultsOf(entry: Entry, found: Found, missing: readonly Missing[]): Result[] {
  const { question, cells, contenders } = entry;
  const own = cells.flatMap((cell) => {
    const rounds = found.get(cell.name) ?? [];
    return contendersIn(entry, cell).flatMap((contender): Result[] => {
      const { name } = contender;
      const why = missingIn(missing, cell, contender);
      if (why !== undefined) return [missingRow(question, cell, name, why)];
      const samples = rounds.map((round) => round.get(name)).filter((sample) => sample !== undefined);
      if (samples.length === 0) return [];
      const ratios = ratiosOf(entry, contender).map(({ field, of, to }) => {
        // Of several Pythons the newest, which comes last, is the baseline.
        const baseline = contenders.findLast((other) => isWanted(other, [to]))?.name ?? to;
        return {
          [field]: rounded(medianRatio(rounds, name, { of, to: baseline })),
          ...ratioBounds(rounds, name, { field, of, to: baseline }),
        };
      });
      const measured = Object.entries(medians(samples)).map(([field, value]) => [field, rounded(value)] as const);
      return [
        {
          ...emptyRow(question, cell, name),
          ...Object.fromEntries(measured),
          ...Object.assign({}, ...ratios),
          rounds: samples.length,
        },
      ];
    });
  });
  return question.complete?.(own, found) ?? own;
}

function emptyRow({ name }: Question, { name: cell }: Cell, contender: string): Result {
  return { question: name, cell, contender, reqPerSec: null, p50us: null, p99us: null, ratioToInline: null, rounds: 0 };
}

/** The reason stands in place of the first figure. */
function missingRow(question: Question, cell: Cell, contender: string, why: string): Result {
  const [first] = question.columns;
  return { ...emptyRow(question, cell, contender), [first?.field ?? 'why']: why };
}

/** With other checkouts, all contenders are compared with this one too. */
function ratiosOf({ question, contenders }: Entry, { kind }: Contender): Question['ratios'] {
  const { ratios, chart } = question;
  if (!contenders.some((other) => other.kind in TWINS)) return ratios;
  return [...ratios, { field: TO_LAUNCHPOOL, of: chart.field, to: TWINS[kind] ?? 'launchpool' }];
}

/** More than four digits would exceed the precision of the measurements. */
function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(4));
}
