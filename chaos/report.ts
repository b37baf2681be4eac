/** Writes docs/reliability.md from what was run last. Every figure in it comes from there. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { figuresTable } from './report-figures.ts';
import { RESULTS_FOLDER, type Result, readResult } from './results.ts';

const REPORT_FILE = join(import.meta.dirname, '..', 'docs', 'reliability.md');

type Section = { verb: string; title: string; what: string };

const SECTIONS: readonly Section[] = [
  {
    verb: 'run',
    title: 'Under fire',
    what:
      'Clients of all kinds under full load, pipelined, with timeouts, with cancellations, raw, in Python, and such as ' +
      'know nothing but frames, while threads are made to die and to loop, processes get SIGKILL, SIGTERM and SIGHUP, ' +
      'connections break off, say nothing, flood, or do not read, the disk fills up and descriptors run out. Each request ' +
      'is unique and kept book of: it ends with its own result, with an error of [errors.md](errors.md) that has a reason ' +
      'there, or, when its process was killed, with the news that nobody knows. No reply is wrong, none comes twice, and ' +
      'no request is without an outcome 30 seconds after the end. Requests that leave a trace have left one at most.',
  },
  {
    verb: 'soak',
    title: 'For long',
    what:
      'A steady load of mixed requests on one agent. The slope is that of the memory of its process over the second half, ' +
      'by least squares; memory counts as level when the slope is less than two of its standard errors, or less than 1 ' +
      'MiB an hour.',
  },
  {
    verb: 'corpus',
    title: 'Input that nobody would send',
    what:
      'Right requests, handshakes and frames with bits flipped, pieces cut out, repeated and spliced, lengths that lie, ' +
      'huge numbers, deep nesting, repeated keys, text that is not UTF-8, and pickles: to the parsers, which throw nothing ' +
      'but errors of launchpool and find the same in two ways; and to running agents, which answer every right request ' +
      'among them.',
  },
  {
    verb: 'idle-exit',
    title: 'Leaving when idle',
    what: 'Lives of an agent that leaves after 20 ms without a request, with clients that knock around the ends of these.',
  },
  {
    verb: 'sigterm',
    title: 'Told to leave',
    what:
      'An agent under load gets SIGTERM. Calls of launchpool’s client never fail; of each connection that is told how ' +
      'much of it has been run, exactly so much has been answered.',
  },
  {
    verb: 'reloads',
    title: 'Loading its module anew',
    what: 'An agent under load gets SIGHUP. No call fails, and none is answered by a module that is gone.',
  },
  {
    verb: 'storm',
    title: 'Crowds',
    what: 'Connections at once, and connections that stay: each is served, or told that there is no room.',
  },
];

/** @returns the text of the page. */
export function reportText(results: string = RESULTS_FOLDER): string {
  const head = [
    '# Reliability',
    'Written by `npm run chaos -- report` from the last runs of `npm run chaos`; `npm run chaos -- --help` says what there is.',
  ];
  const sections = SECTIONS.map((section) => sectionText(section, readResult(section.verb, results)));
  const chart = existsSync(join(results, 'soak.svg')) ? ['![Memory over a soak](../chaos/results/soak.svg)'] : [];
  return `${[...head, ...sections.flatMap((text, at) => (SECTIONS[at]?.verb === 'soak' ? [text, ...chart] : [text]))].join('\n\n')}\n`;
}

export async function writeReport(file: string = REPORT_FILE): Promise<void> {
  await writeFile(file, reportText());
}

function sectionText({ title, what }: Section, result: Result | undefined): string {
  if (result === undefined) return `## ${title}\n\n${what}\n\nNot run yet.`;
  const { machine, command, date, commit, seconds, ok, faults, skipped = [], figures } = result;
  const parts = [
    `## ${title}`,
    what,
    `**${ok ? 'All is well.' : 'Something is wrong.'}** \`${command}\`, ${seconds} s, ${date.slice(0, 10)}, commit ` +
      `${commit}; ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.os}, Node ${machine.node}.`,
    figuresTable(figures),
    ...skipped.map((each) => `Not done there: ${each}.`),
    ...(faults.length === 0 ? [] : [faults.map((fault) => `- ${fault.replace(/\s+/g, ' ')}`).join('\n')]),
  ];
  return parts.join('\n\n');
}
