/** Writes bench/README.md and its charts from the results of a run; all figures come from there. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawChart } from './chart.ts';
import { drawCurves } from './growth/chart.ts';
import { figureText, hasMarks, NOISE_LEGEND } from './noise.ts';
import type { Question } from './question.ts';
import { QUESTIONS } from './questions/index.ts';
import { type Result, type Results, readResults } from './results.ts';
import { markdownTable } from './text.ts';

/** @param file the output of `--json`. */
export async function writeReport(file: string, folder: string = import.meta.dirname): Promise<void> {
  const results = readResults(file);
  const asked = QUESTIONS.map((question) => ({ question, found: foundFor(results, question) })).filter(
    ({ found }) => found.length > 0,
  );
  await mkdir(join(folder, 'charts'), { recursive: true });
  const sections = asked.map(({ question, found }) => {
    const svg = (question.curves === undefined ? drawChart : drawCurves)(question, found);
    return { text: sectionText(question, found, svg !== undefined), name: question.name, svg };
  });
  for (const { name, svg } of sections) {
    if (svg !== undefined) await writeFile(join(folder, 'charts', `${name}.svg`), svg);
  }
  const answers = asked.map(({ question, found }) => [`[${question.asks}](#${question.name})`, question.answer(found)]);
  const parts = [
    headText(results),
    markdownTable(['Question', 'Answer'], answers),
    failuresText(results),
    ...sections.map(({ text }) => text),
  ];
  await writeFile(join(folder, 'README.md'), `${parts.filter((part) => part !== '').join('\n\n')}\n`);
}

function foundFor({ results }: Results, { name }: Question): Result[] {
  return results.filter((result) => result.question === name);
}

function headText({ machine, commit, date, quick, threads, missing }: Results): string {
  const packages = Object.entries(machine.packages).map(([name, version]) => `${name} ${version}`);
  const lines = [
    '# Bench',
    'In short: launchpool answers fewer small requests a second than a process that answers them on its main thread, and, with many requests open, several times those of a pool with one `run()` for each. What it gives for that are all processors, and fast requests that do not wait behind slow ones. The first reply of an agent that does not run yet takes somewhat longer than Node with one bare worker. The table below has the figures of each question.',
    'Written by `npm run bench -- report` from the last run of `npm run bench`; `npm run bench -- --help` lists the other commands.',
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.os}; Node ${machine.node}, ` +
      `${packages.join(', ')}; commit ${commit}, ${date.slice(0, 10)}; each contender with ${threads} threads or processes.`,
    'In each round all contenders are measured, close together and in a new order, and every reply is checked. Figures ' +
      'are medians over the rounds; ratios are taken within each round. `16x16` means 16 connections with 16 open requests ' +
      'on each. `inline` is bare `node:net` on the main thread, `naive-piscina` makes one `run()` for each request, ' +
      '`ceiling` is the load generator itself against a server in C.',
    'In the figures of first replies, `cold-launchpool` is an installed agent, `cold-unbuilt` the same from its TypeScript sources, `cold-rpc` an RPC agent with three packages; `cold-floor` is plain Node with one bare worker, the minimum for an agent on threads; `cold-inline` is plain Node without a thread, and `cold-c` a server in C: the costs of a process with and without Node.',
    `${NOISE_LEGEND} Results of earlier runs have no marks.`,
    'Rows of other packages say so where these are not installed: the agents of `first-reply` need `npm ci --prefix packages`, ' +
      'prettierd and eslint_d of `shell` need `npm ci --prefix packages/peers`, the server of the SDK in `mcp` needs ' +
      '`npm ci --prefix packages/mcp`, `nats` needs nats-server and `npm ci --prefix packages/nats`. `growth` shows the cost of one request, one KiB and ' +
      'one installed agent as curves, with their slopes, and names what grows faster than linearly.',
  ];
  if (machine.loadAverage > machine.cores / 4) {
    lines.push(
      `**Other processes used this machine (load ${machine.loadAverage}): the figures are rough, and only the ratios comparable.**`,
    );
  }
  if (quick) lines.push('**This was a quick run: fewer rounds, cells and contenders, and less reliable figures.**');
  for (const { kind, why } of missing) lines.push(`Without ${kind}: ${why}.`);
  return lines.join('\n\n');
}

function failuresText({ failures }: Results): string {
  if (failures.length === 0) return '';
  const rows = failures.map(({ question, cell, contender, round, message }) => [
    question,
    cell,
    contender,
    String(round),
    message.replace(/\s+/g, ' '),
  ]);
  return `Measurements that failed:\n\n${markdownTable(['Question', 'Cell', 'Contender', 'Round', 'Why'], rows)}`;
}

function sectionText({ name, asks, note, columns }: Question, found: readonly Result[], hasChart: boolean): string {
  const cells = [...new Set(found.map(({ cell }) => cell))];
  const rows = cells.flatMap((cell) =>
    found
      .filter((result) => result.cell === cell)
      .map((result) => [
        cell,
        result.contender,
        ...columns.map((column) => figureText(result, column)),
        String(result.rounds),
      ]),
  );
  const table = markdownTable(['Cell', 'Contender', ...columns.map(({ title }) => title), 'rounds'], rows);
  const legend = hasMarks(found, columns) ? `\n\n${NOISE_LEGEND}` : '';
  const explained = note === undefined ? '' : `${note}\n\n`;
  const chart = hasChart ? `![${asks}](charts/${name}.svg)\n\n` : '';
  return `<a id="${name}"></a>\n\n## ${asks}\n\n${explained}${chart}<details><summary>All figures</summary>\n\n${table}${legend}\n\n</details>`;
}
