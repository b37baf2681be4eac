/** The results of one question as a table for a terminal. */
import type { Question } from './question.ts';
import type { Result } from './results.ts';
import { numberText, tableText } from './text.ts';

export function questionText({ asks, columns }: Question, results: readonly Result[]): string {
  const cells = [...new Set(results.map(({ cell }) => cell))];
  const tables = cells.map((cell) =>
    tableText([
      [cell, ...columns.map(({ title }) => title)],
      ...results
        .filter((result) => result.cell === cell)
        .map((result) => [result.contender, ...columns.map(({ field, unit }) => numberText(result[field], unit))]),
    ]),
  );
  return [asks, ...tables].join('\n\n');
}
