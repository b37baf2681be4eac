/** The results of one question as a table for a terminal. */
import { figureText, hasMarks, NOISE_LEGEND } from './noise.ts';
import type { Question } from './question.ts';
import { type Result, TO_LAUNCHPOOL } from './results.ts';
import { tableText } from './text.ts';

export function questionText(question: Question, results: readonly Result[]): string {
  const { asks, note, curves } = question;
  const compared = results.some((result) => TO_LAUNCHPOOL in result);
  const columns = [
    ...question.columns,
    ...(compared ? [{ field: TO_LAUNCHPOOL, title: '/ launchpool', unit: 'ratio' } as const] : []),
  ];
  const titles = columns.map(({ title }) => title);
  const rowOf = (result: Result): string[] => [
    result.contender,
    ...columns.map((column) => figureText(result, column)),
  ];
  const cells = [...new Set(results.map(({ cell }) => cell))];
  const tables =
    curves === undefined
      ? cells.map((cell) =>
          tableText([[cell, ...titles], ...results.filter((result) => result.cell === cell).map(rowOf)]),
        )
      : [tableText([['', '', ...titles], ...results.map((result) => [result.cell, ...rowOf(result)])])];
  const legend = hasMarks(results, columns) ? NOISE_LEGEND : undefined;
  return [asks, note, ...tables, legend].filter((part) => part !== undefined).join('\n\n');
}
