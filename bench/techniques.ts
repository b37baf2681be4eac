/** The effect of each technique: launchpool beside itself with one technique switched off, in one run. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { figureText, NOISE_LEGEND } from './noise.ts';
import type { BenchOptions } from './options.ts';
import { QUESTIONS } from './questions/index.ts';
import { type Results, TO_LAUNCHPOOL } from './results.ts';
import { markdownTable } from './text.ts';

type Technique = {
  name: string;
  /** The technique, and the behaviour without it. */
  what: string;
  without: string;
  /** The compiled file, the text in it that is replaced, and the replacement. The text must occur once. */
  file: string;
  from: string;
  to: string;
};

export const TECHNIQUES: readonly Technique[] = [
  {
    name: 'slots',
    what: 'Short requests travel in batches, in shared memory that is claimed frame by frame.',
    without: 'each is a separate task',
    file: 'src/dispatch/dispatcher.js',
    from: 'LONG_FRAME_BYTES = 48 * 1024',
    to: 'LONG_FRAME_BYTES = 0',
  },
  {
    name: 'steal',
    what: 'Requests that a worker without progress has not started are taken back, and go to another worker.',
    without: 'they wait',
    file: 'src/dispatch/stall-detector.js',
    from: 'item.isStuck()',
    to: 'false',
  },
  {
    name: 'adaptive size',
    what: 'A batch has as many requests as a thread runs in one to four milliseconds.',
    without: 'it has all waiting requests',
    file: 'src/dispatch/batch-size.js',
    from: 'Math.floor(frames)',
    to: 'MAX_FRAMES',
  },
  {
    name: 'concurrency 2',
    what: 'A second batch waits in the port of a thread that runs one.',
    without: 'a thread gets the next batch when it has none',
    file: 'src/pool/first-thread.js',
    from: 'TASKS_PER_THREAD = 2',
    to: 'TASKS_PER_THREAD = 1',
  },
  {
    name: 'spin',
    what: 'The main thread checks for the results of short batches, for 50 µs, instead of waiting for a message.',
    without: 'it sleeps until the message wakes it',
    file: 'src/dispatch/spin-wait.js',
    from: 'processors < 2 ||',
    to: 'true ||',
  },
  {
    name: 'onread',
    what: 'Sockets are read into one buffer, and long frames into their final memory.',
    without: "each chunk comes by 'data', in memory of its own",
    file: 'src/agent/connections/reading.js',
    from: "typeof handle?.useUserBuffer !== 'function'",
    to: 'true',
  },
  {
    name: 'written in place',
    what: 'Replies are written from their slot.',
    without: 'they are copied first',
    file: 'src/dispatch/batch/slot-pool.js',
    from: 'Math.floor(slots.length / RETAINED_ONE_IN)',
    to: '0',
  },
  {
    name: 'read in place',
    what: 'The rest of a long frame is read into its final memory.',
    without: 'it is copied out of the buffer that all reads share',
    file: 'wire/frame-reader.js',
    from: 'DIRECT_FRAME_BYTES = 48 * 1024',
    to: 'DIRECT_FRAME_BYTES = Infinity',
  },
  {
    name: 'memory used again',
    what: 'The memory of long requests is used again.',
    without: 'each request gets new memory',
    file: 'src/dispatch/long/shared-memory-pool.js',
    from: 'MAX_SPARE_BYTES = 16 * 1024 * 1024',
    to: 'MAX_SPARE_BYTES = 0',
  },
];

/** The questions, contenders and cells of this run. */
export const TECHNIQUES_RUN: Pick<BenchOptions, 'only' | 'contenders' | 'cells'> = {
  only: ['throughput', 'head-of-line', 'cores', 'large-payloads'],
  contenders: ['launchpool', 'launchpool-borrowed'],
  cells: [
    ...['1x1', '8x1', '64x1', '1x64', '16x16', '64x64'],
    ...['64x1 burn 50 ms', '16x16 burn 50 ms', '16x16 sleep 50 ms'],
    ...['1 ms 16x16', '100 µs 16x1', '100 µs 16x16', '10 µs 16x16'],
    ...['64 KiB 1x1', '64 KiB 4x4', '1 MiB 1x1', '1 MiB 4x2'],
  ],
};

/** The name of a technique as a part of a path, and of a contender. */
export function variantName({ name }: Pick<Technique, 'name'>): string {
  return name.replaceAll(' ', '-');
}

/** Switches the technique off in compiled contenders. */
export async function switchOff({ name, file, from, to }: Technique, built: string): Promise<void> {
  const path = join(built, file);
  const [before, ...after] = (await readFile(path, 'utf8')).split(from);
  if (after.length !== 1) throw new Error(`${name}: ${from} occurs ${after.length} times in ${file}`);
  await writeFile(path, `${before}${to}${after[0]}`);
}

const CONCLUSION =
  'In short: of all techniques, slots have the largest effect: without them, many small requests take several times as long. Taking requests back from a blocked thread keeps fast requests fast beside slow ones, and memory that is used again matters for long messages. Most other ratios are near 1 on this machine.';

export async function writeTechniques(found: Results, file: string): Promise<void> {
  const { machine, commit, date } = found;
  const list = TECHNIQUES.map(({ name, what, without }) => `- **${name}.** ${what} Without it, ${without}.`);
  const parts = [
    '# Performance: the effect of each technique',
    CONCLUSION,
    'Written by `npm run bench -- techniques`, which measures launchpool beside itself with one technique switched off, ' +
      'in one run. For launchpool beside its peers see [the bench](../bench/README.md); for the parts and how they work ' +
      'together see [the architecture](architecture.md).',
    `${machine.cpu}, ${machine.cores} cores, ${machine.os}, Node ${machine.node}; commit ${commit}, ${date.slice(0, 10)}` +
      `${machine.loadAverage > machine.cores / 4 ? `; other processes used the machine (load ${machine.loadAverage})` : ''}.`,
    list.join('\n'),
    'Each figure is the ratio to launchpool with all techniques, the median over the rounds; on a shared machine, a ratio ' +
      'between 0.9 and 1.1 has no meaning.',
    NOISE_LEGEND,
    ...QUESTIONS.map((question) => techniqueTable(question, found)).filter((part) => part !== ''),
  ];
  await writeFile(file, `${parts.join('\n\n')}\n`);
}

function techniqueTable({ name, asks, chart }: (typeof QUESTIONS)[number], { results }: Results): string {
  const rows = results.filter(({ question }) => question === name);
  const cells = [...new Set(rows.map(({ cell }) => cell))];
  if (cells.length === 0) return '';
  const tableOf = (twin: string): string => {
    const body = TECHNIQUES.map((technique) => {
      const mine = rows.filter(({ contender }) => contender === `${twin}:${variantName(technique)}`);
      const ratio = (cell: string): string => {
        const row = mine.find((each) => each.cell === cell);
        return row === undefined ? '–' : figureText(row, { field: TO_LAUNCHPOOL, unit: 'ratio' });
      };
      return [`without ${technique.name}`, ...cells.map(ratio)];
    });
    return markdownTable(['', ...cells], body);
  };
  const parts = [`## ${asks}`, `Ratio of ${chart.title}.`, tableOf('launchpool')];
  if (rows.some(({ contender }) => contender === 'launchpool-borrowed')) {
    parts.push("The same with a handler that borrows long messages, to launchpool's with such a handler.");
    parts.push(tableOf('launchpool-borrowed'));
  }
  return parts.join('\n\n');
}
