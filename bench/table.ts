/** The results of one question as a table for a terminal. */
import type { Question } from './question.ts';
import { type Result, TO_LAUNCHPOOL } from './results.ts';
import { numberText, tableText } from './text.ts';

export function questionText(question: Question, results: readonly Result[]): string {
  const { asks } = question;
  const compared = results.some((result) => TO_LAUNCHPOOL in result);
  const columns = [
    ...question.columns,
    ...(compared ? [{ field: TO_LAUNCHPOOL, title: '/ launchpool', unit: 'ratio' } as const] : []),
  ];
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
