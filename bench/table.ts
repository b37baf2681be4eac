/** The results of one question as a table for a terminal. */
import { figureText, hasMarks, NOISE_LEGEND } from './noise.ts';
import type { Question } from './question.ts';
import { type Result, TO_LAUNCHPOOL } from './results.ts';
import { tableText } from './text.ts';

export function questionText(question: Question, results: readonly Result[]): string {
  const { asks, note } = question;
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
        .map((result) => [result.contender, ...columns.map((column) => figureText(result, column))]),
    ]),
  );
  return [
    asks,
    ...(note === undefined ? [] : [note]),
    ...tables,
    ...(hasMarks(results, columns) ? [NOISE_LEGEND] : []),
  ].join('\n\n');
}
