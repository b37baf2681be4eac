/** Writes docs/reliability.md from what was run last. Every figure in it comes from there. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { figuresTable } from './report-figures.ts';
import { RESULTS_FOLDER, type Result, readResult } from './results.ts';

const REPORT_FILE = join(import.meta.dirname, '..', 'docs', 'reliability.md');

/** What is done, and what is claimed of it once it has been done. */
type Section = { verb: string; title: string; what: string; claim?: string };

const SECTIONS: readonly Section[] = [
  {
    verb: 'run',
    title: 'Under fire',
    what:
      'Clients of all kinds under full load, pipelined, with timeouts, with cancellations, raw, in Python, and such as ' +
      'know nothing but frames, while threads are made to die and to loop, processes get SIGKILL, SIGTERM and SIGHUP, ' +
      'connections break off, say nothing, flood, or do not read, the disk fills up and descriptors run out. Each request ' +
      'is unique and kept book of.',
    claim:
      'Each request ends with its own result, with an error of [errors.md](errors.md) that has a reason there, or, when ' +
      'its process was killed, with the news that nobody knows. No reply is wrong, none comes twice, and no request is ' +
      'without an outcome 30 seconds after the end. Requests that leave a trace have left one at most. No process ends ' +
      'but by leaving or by a signal that was sent to it, and afterwards each agent answers.',
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
      'huge numbers, deep nesting, repeated keys, text that is not UTF-8, and pickles: to the parsers, and to running agents.',
    claim:
      'The parsers throw nothing but errors of launchpool and find the same in two ways; agents answer every right ' +
      'request among the others.',
  },
  {
    verb: 'idle-exit',
    title: 'Leaving when idle',
    what: 'Lives of agents that leave after 20 ms without a request, with clients that knock around the ends of these.',
    claim: 'Every call is answered.',
  },
  {
    verb: 'sigterm',
    title: 'Told to leave',
    what: 'An agent under load gets SIGTERM.',
    claim:
      'Calls of launchpool’s client never fail; of each connection that is told how much of it has been run, exactly so ' +
      'much has been answered.',
  },
  {
    verb: 'reloads',
    title: 'Loading its module anew',
    what: 'An agent under load gets SIGHUP.',
    claim:
      'No call fails, and none is answered by a module that is gone. Neither memory, descriptors nor threads grow.',
  },
  {
    verb: 'storm',
    title: 'Crowds',
    what: 'Connections at once, of which each asks one thing, and connections that stay, of which each does.',
    claim:
      'Of those at once all are served but 100 at the most, who are told that there is no room or find the connection ' +
      'closed; those that stay are all served.',
  },
];

/** @returns the text of the page. */
export function reportText(results: string = RESULTS_FOLDER): string {
  const head = [
    '# Reliability',
    'Written by `npm run chaos -- report` from the last runs of `npm run chaos`; `npm run chaos -- --help` says what there is.',
  ];
  const sections = SECTIONS.map((section) => sectionText(section, committed(section.verb, results)));
  const chart = existsSync(join(results, 'soak.svg')) ? ['![Memory over a soak](../chaos/results/soak.svg)'] : [];
  return `${[...head, ...sections.flatMap((text, at) => (SECTIONS[at]?.verb === 'soak' ? [text, ...chart] : [text]))].join('\n\n')}\n`;
}

/** @throws of a result that comes from files which nobody else has. */
function committed(verb: string, results: string): Result | undefined {
  const result = readResult(verb, results);
  if (!result?.commit.endsWith('+')) return result;
  throw new Error(
    `${verb} was run last with files that were not committed (${result.commit}): commit them, and run it again`,
  );
}

export async function writeReport(file: string = REPORT_FILE): Promise<void> {
  await writeFile(file, reportText());
}

function sectionText({ title, what, claim }: Section, result: Result | undefined): string {
  if (result === undefined) return `## ${title}\n\n${what}\n\nNot run yet.`;
  const { machine, command, date, commit, seconds, ok, faults, slow = [], skipped = [], figures } = result;
  const wrong = [...faults, ...slow];
  const parts = [
    `## ${title}`,
    ...(claim === undefined ? [what] : [what, claim]),
    `**${ok ? 'All is well.' : 'Something is wrong.'}** \`${command}\`, ${seconds} s, ${date.slice(0, 10)}, commit ` +
      `${commit}; ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.os}, Node ${machine.node}.`,
    figuresTable(figures),
    ...skipped.map((each) => `Not done there: ${each}.`),
    ...(wrong.length === 0 ? [] : [wrong.map((fault) => `- ${fault.replace(/\s+/g, ' ')}`).join('\n')]),
  ];
  return parts.join('\n\n');
}
