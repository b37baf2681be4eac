/** What each technique brings: launchpool beside itself with one of them switched off, in one run. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BenchOptions } from './options.ts';
import { QUESTIONS } from './questions/index.ts';
import { type Results, TO_LAUNCHPOOL } from './results.ts';
import { markdownTable, ratioText } from './text.ts';

type Technique = {
  name: string;
  /** What launchpool does, and what it does in this run instead. */
  what: string;
  without: string;
  /** The compiled file, and what in it is replaced by what. It must stand there once. */
  file: string;
  from: string;
  to: string;
};

export const TECHNIQUES: readonly Technique[] = [
  {
    name: 'slots',
    what: 'Short requests travel in batches, in shared memory that is claimed frame by frame.',
    without: 'each is a task of its own',
    file: 'src/dispatch/dispatcher.js',
    from: 'LONG_FRAME_BYTES = 48 * 1024',
    to: 'LONG_FRAME_BYTES = 0',
  },
  {
    name: 'steal',
    what: 'What a worker has not begun is taken back when it does not get on, and goes to another one.',
    without: 'it waits',
    file: 'src/dispatch/stall-detector.js',
    from: 'item.isStuck()',
    to: 'false',
  },
  {
    name: 'adaptive size',
    what: 'A batch has as many requests as are done in a millisecond.',
    without: 'as many as there are',
    file: 'src/dispatch/batch/batcher.js',
    from: 'Math.floor(AIM_US / usPerFrame)',
    to: 'MAX_FRAMES',
  },
  {
    name: 'concurrency 2',
    what: 'A second batch waits in the port of a thread that has one.',
    without: 'a thread gets the next batch when it has none',
    file: 'src/pool/first-thread.js',
    from: 'TASKS_PER_THREAD = 2',
    to: 'TASKS_PER_THREAD = 1',
  },
  {
    name: 'spin',
    what: 'The results of short batches are looked for, for 50 µs, instead of waited for.',
    without: 'the main thread sleeps until it is woken',
    file: 'src/dispatch/batch/spin-wait.js',
    from: 'processors < 2 ||',
    to: 'true ||',
  },
  {
    name: 'onread',
    what: 'Sockets are read into one piece of memory, and long frames to where they stay.',
    without: "each chunk comes by 'data', in memory of its own",
    file: 'src/agent/connections/reading.js',
    from: "typeof handle?.useUserBuffer !== 'function'",
    to: 'true',
  },
  {
    name: 'written in place',
    what: 'Replies are written from the slot in which they stand.',
    without: 'they are copied first',
    file: 'src/dispatch/batch/slot-pool.js',
    from: 'Math.floor(slots.length / RETAINED_ONE_IN)',
    to: '0',
  },
  {
    name: 'read in place',
    what: 'The rest of a long frame is read to where it stays.',
    without: 'it is copied out of the memory that all reads share',
    file: 'wire/frame-reader.js',
    from: 'DIRECT_FRAME_BYTES = 48 * 1024',
    to: 'DIRECT_FRAME_BYTES = Infinity',
  },
  {
    name: 'memory used again',
    what: 'The memory of long requests is used again.',
    without: 'it is new for each',
    file: 'src/dispatch/long/shared-memory-pool.js',
    from: 'MAX_SPARE_BYTES = 16 * 1024 * 1024',
    to: 'MAX_SPARE_BYTES = 0',
  },
];

/** What is asked of them. */
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
  if (after.length !== 1) throw new Error(`${name}: ${from} stands ${after.length} times in ${file}`);
  await writeFile(path, `${before}${to}${after[0]}`);
}

export async function writeTechniques(found: Results, file: string): Promise<void> {
  const { machine, commit, date } = found;
  const list = TECHNIQUES.map(({ name, what, without }) => `- **${name}.** ${what} Without it, ${without}.`);
  const parts = [
    '# Performance: what each technique brings',
    'Written by `npm run bench -- techniques`, which measures launchpool beside itself with one technique switched off, ' +
      'in one run. How launchpool does beside its peers is in [the bench](../bench/README.md), and how the parts work ' +
      'together in [the house](architecture.md).',
    `${machine.cpu}, ${machine.cores} cores, ${machine.os}, Node ${machine.node}; commit ${commit}, ${date.slice(0, 10)}` +
      `${machine.loadAverage > machine.cores / 4 ? `; others were using the machine (load ${machine.loadAverage})` : ''}.`,
    list.join('\n'),
    'Each figure is the ratio to launchpool as it is, the median over the rounds; where the machine is shared, what is ' +
      'between 0.9 and 1.1 says nothing.',
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
      const ratio = (cell: string): number | undefined =>
        mine.find((row) => row.cell === cell)?.[TO_LAUNCHPOOL] as number | undefined;
      return [`without ${technique.name}`, ...cells.map((cell) => ratioText(ratio(cell)))];
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
