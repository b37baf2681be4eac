/** Writes docs/reliability.md from the results files. */
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OVERHEAD_MIB, THREAD_OVERHEAD_MIB } from './memory-bound.ts';
import { figuresTable } from './report-figures.ts';
import { RESULTS_FOLDER, type Result, readResult } from './results.ts';

const REPORT_FILE = join(import.meta.dirname, '..', 'docs', 'reliability.md');

/** A description, and a claim that is printed only with a result. */
type Section = { verb: string; title: string; description: string; claim?: string };

const MEMORY = `The resident memory of an agent, in whatever its clients do, is at most the sum of

- its memory when it is idle,
- the larger of two: \`--max-bytes\`, or the sum of three quarters of \`--max-bytes\` and the whole of \`--max-frame\`,
- \`--max-reply\` for each thread,
- the overhead: ${OVERHEAD_MIB} MiB, and ${THREAD_OVERHEAD_MIB} MiB for each thread,

and of the memory of the handlers. \`--max-bytes\` counts requests from their arrival to their outcome, replies until the
kernel has taken them, the shared memory of long requests until their replies are taken, and frames as their bytes arrive.
Arriving frames have half of it. When that is full, only the oldest is read on, up to \`--max-frame\`, within its time limit;
a quarter of \`--max-bytes\` is always left to requests and replies. Finished replies that clients do not read wait in their
threads; a thread starts no request while \`--max-reply\` bytes wait in it. The results of asynchronous requests that it had
started before, at most \`--concurrency\` of them, count as memory of the handlers; so do the values of a parsed request, up to
15 bytes for each byte of its JSON. The overhead is the memory of batches, garbage that V8 has not collected, and memory that
the allocator keeps. A connection takes 5 KiB beside all that, and 4 KiB more while arriving frames have all of their half.
\`status\` shows the counted memory as \`bytes\`.

**An example.** The defaults, and two threads: 80 MiB when idle, 256 MiB of \`--max-bytes\`, two times 64 MiB of \`--max-reply\`, and 96 + 2 × 16 MiB
of overhead are 80 + 256 + 128 + 128 = 592 MiB, plus what the handlers hold, and 6 to 10 KiB for each connection: at most 100 MiB for 10,000. \`--threads\` defaults to one per processor: with 16 of them it is
80 + 256 + 16 × 64 + 96 + 16 × 16 = 1712 MiB. A request of JSON becomes objects of up to 15 times its length in the handler's memory:
64 MiB, which \`--max-frame\` allows, up to 960 MiB. An agent for small messages has a smaller bound with \`--max-frame\`, \`--max-bytes\` and
\`--max-reply\`, and \`--thread-memory\` limits the heap of each thread.`;

const SECTIONS: readonly Section[] = [
  {
    verb: 'run',
    title: 'Load with disturbances',
    description:
      'Clients of all kinds put agents under full load: pipelined, with timeouts, with cancellations, raw, in Python, and ' +
      'clients that know only frames. At the same time, threads die and loop; processes get SIGKILL, SIGTERM and SIGHUP; ' +
      'connections break off, send nothing or half a frame, flood with requests or cancellations, or do not read; the disk ' +
      'fills up, descriptors run out, and the reader of a log stops; a setup is slow and fails; a module is damaged and ' +
      'reloaded. Each request and each notification is unique and recorded.',
    claim:
      'Each request ends with its own result or with one of the [errors](errors.md), which has a reason. The outcome of a ' +
      'request may be unknown only when its process was killed. No reply is wrong, none comes twice, and no request is ' +
      'without an outcome 30 seconds after the end. No request runs twice. Each notification that the agent has read runs once. A process ends only with status 0 or by a ' +
      'signal that was sent to it; that of the agent whose setup fails at times may also end with 66, the status of a module that ' +
      'does not load. After the load, each agent answers.\n\n' +
      'In the table, *main*, *raw*, *cramped*, *disk*, *slow* and *changing* are the agents. *Left* counts processes that shut ' +
      'down by themselves. A notification counts as unknown if its process was killed, or exited before it had read it.',
  },
  {
    verb: 'soak',
    title: 'Soak',
    description:
      'A steady load of mixed requests on one agent. The slope is that of the memory of its process over the second half, ' +
      'by least squares. Memory counts as level when the slope is less than two of its standard errors, or less than 1 ' +
      'MiB an hour.',
  },
  {
    verb: 'hostile',
    title: 'Hostile input',
    description:
      'Clients send what is meant to keep the main thread of an agent busy: cancellations beside open requests, deadlines, ' +
      'empty frames, single bytes, half frames, notifications, disconnections, batches of millions of items, and JSON that ' +
      'is slow to scan. The figure is the processor time of the main thread for each MiB that was sent; the bound is about ' +
      'five times that of the first run.',
    claim: 'No kind of input exceeds its bound, and other clients are answered.',
  },
  {
    verb: 'corpus',
    title: 'Mutated input',
    description:
      'The parsers and running agents get valid requests, handshakes and frames with flipped bits, with removed, repeated ' +
      'and spliced parts, wrong lengths, huge numbers, deep nesting, repeated keys, text that is not UTF-8, and pickles.',
    claim:
      'The parsers throw only errors of launchpool, and two ways to read the same thing agree. Agents answer every valid ' +
      'request among the others.',
  },
  {
    verb: 'idle-exit',
    title: 'Idle exit',
    description: 'Agents exit after 20 ms without a request. Clients call them around the moment of the exit.',
    claim: 'Every call is answered.',
  },
  {
    verb: 'sigterm',
    title: 'Shutdown',
    description: 'An agent under load gets SIGTERM.',
    claim:
      'Calls of launchpool’s own client never fail; other clients lose the requests that were not read. On each connection that gets a closing notice, exactly the requests that ' +
      'the notice reports as run are answered.',
  },
  {
    verb: 'reloads',
    title: 'Reload',
    description: 'An agent under load gets SIGHUP.',
    claim:
      'No call fails, and none is answered by an older version of the module. Memory, descriptors and threads do not grow.',
  },
  {
    verb: 'storm',
    title: 'Many connections',
    description:
      'First, many connections at once, each with one call. Then, as many connections with one call each that stay open.',
    claim:
      'At most 100 of the connections at once are rejected or closed; all others are served. All connections that stay ' +
      'open are served.',
  },
  {
    verb: 'memory',
    title: 'Memory',
    description: MEMORY,
    claim:
      'Clients ask for far more: 20 that do not read replies of 1 MiB, to 75 KB of requests each, with handlers that return ' +
      'at once and that wait; one such client after others have had short replies; 25 that send 40 of the 64 MiB of a ' +
      'frame; and all of these together. The memory of the process stays within the formula, another client is answered ' +
      'or told that the agent is busy during all of this, and no memory stays counted when the clients are gone.',
  },
];

/** The text of the page. */
export function reportText(results: string = RESULTS_FOLDER): string {
  const head = [
    '# Reliability',
    'In short: each request gets its own result or an error with a reason, and no reply is wrong or comes twice; only a ' +
      'killed process leaves the outcome of a request unknown. The memory of an agent stays within a [formula](#memory), ' +
      'whatever its clients do. Each run below says what it claims, and whether it passed.',
    'Written by `npm run chaos -- report` from the last runs of `npm run chaos`. `npm run chaos -- --help` lists the runs.',
  ];
  const sections = SECTIONS.map((section) => sectionText(section, readCommitted(section.verb, results)));
  const chart = existsSync(join(results, 'soak.svg')) ? ['![Memory over a soak](../chaos/results/soak.svg)'] : [];
  return `${[...head, ...sections.flatMap((text, at) => (SECTIONS[at]?.verb === 'soak' ? [text, ...chart] : [text]))].join('\n\n')}\n`;
}

/** @throws when the result comes from uncommitted files, and so cannot be repeated. */
function readCommitted(verb: string, results: string): Result | undefined {
  const result = readResult(verb, results);
  if (!result?.commit.endsWith('+')) return result;
  throw new Error(
    `the last result of ${verb} comes from uncommitted files (${result.commit}): commit them and run it again`,
  );
}

export async function writeReport(file: string = REPORT_FILE): Promise<void> {
  await writeFile(file, reportText());
}

function sectionText({ title, description, claim }: Section, result: Result | undefined): string {
  if (result === undefined) return `## ${title}\n\n${description}\n\nNot run yet.`;
  const { machine, command, date, commit, seconds, ok, faults, slow = [], skipped = [], figures } = result;
  const failures = [...faults, ...slow];
  const parts = [
    `## ${title}`,
    ...(claim === undefined ? [description] : [description, claim]),
    `**${ok ? 'Passed.' : 'Failed.'}** \`${command}\`, ${seconds} s, ${date.slice(0, 10)}, commit ` +
      `${commit}; ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.os}, Node ${machine.node}.`,
    figuresTable(figures),
    ...skipped.map((each) => `Skipped on that machine: ${each}.`),
    ...(failures.length === 0 ? [] : [failures.map((fault) => `- ${fault.replace(/\s+/g, ' ')}`).join('\n')]),
  ];
  return parts.join('\n\n');
}
