/** Measures the questions: rounds, and in each round all contenders, close together and in a new order each time. */
import { nextSocketPath, type RunningContender, startContender } from './contender.ts';
import type { Generator } from './generator.ts';
import type { Contender } from './line-up.ts';
import { shuffled } from './measure.ts';
import { contendersIn, type Entry, type Found, missingIn, resultsOf } from './outcome.ts';
import type { Cell, Prepared } from './question.ts';
import type { Failure, Result } from './results.ts';

export type RunOptions = {
  generator: Generator;
  /** The folder of the sockets. */
  folder: string;
  threads: number;
  seconds: number;
  warmUpSeconds: number;
  /** Called before each measurement. */
  onStep: (step: { question: string; round: number; cell: string; contender: string }) => void;
  onFailure: (failure: Failure) => void;
};

export async function askQuestion(entry: Entry, options: RunOptions): Promise<Result[]> {
  const found: Found = new Map(entry.cells.map(({ name }) => [name, []]));
  const prepared = await prepare(entry, options);
  if (prepared === undefined) return [];
  try {
    for (let round = 1; round <= entry.rounds; round += 1) {
      for (const rounds of found.values()) rounds.push(new Map());
      const askRound = entry.question.alone ? askOneByOne : askTogether;
      await askRound(entry, round, found, { ...options, prepared });
    }
    return resultsOf(entry, found, prepared.missing);
  } finally {
    await prepared.close();
  }
}

/** Undefined when it fails, which is reported: the other questions go on. */
async function prepare({ question, cells }: Entry, options: RunOptions): Promise<Prepared | undefined> {
  if (question.prepare === undefined) return { missing: [], close: async () => undefined };
  const { generator, folder, onFailure } = options;
  try {
    return await question.prepare({ generator, folder, cells: cells.map(({ name }) => name) });
  } catch (error) {
    const message = (error as Error).message;
    onFailure({ question: question.name, cell: 'preparation', contender: 'all', round: 0, message });
    return undefined;
  }
}

type RoundOptions = RunOptions & { prepared: Prepared };

/** All contenders run at the same time; only one gets requests, and the others wait without using the processor. */
async function askTogether(entry: Entry, round: number, found: Found, options: RoundOptions): Promise<void> {
  const running = new Map<Contender, RunningContender>();
  try {
    await Promise.all(
      shuffled(entry.contenders).map(async (contender) => {
        const started = await begin(entry, contender, round, options);
        if (started !== undefined) running.set(contender, started);
      }),
    );
    for (const cell of entry.cells) {
      for (const contender of shuffled(contendersIn({ contenders: [...running.keys()] }, cell))) {
        const good = await measure(
          entry,
          round,
          cell,
          contender,
          running.get(contender) as RunningContender,
          found,
          options,
        );
        if (good) continue;
        await running.get(contender)?.close();
        running.delete(contender);
      }
    }
  } finally {
    await Promise.all([...running.values()].map((started) => started.close()));
  }
}

/** Each contender has the machine to itself, and is a new process for each cell. */
async function askOneByOne(entry: Entry, round: number, found: Found, options: RoundOptions): Promise<void> {
  for (const cell of entry.cells) {
    for (const contender of shuffled(contendersIn(entry, cell))) {
      if (missingIn(options.prepared.missing, cell, contender) !== undefined) continue;
      const started = await begin(entry, contender, round, options, cell);
      if (started === undefined) continue;
      await measure(entry, round, cell, contender, started, found, options).finally(started.close);
    }
  }
}

async function begin(
  { question }: Entry,
  contender: Contender,
  round: number,
  { folder, threads, onFailure }: RunOptions,
  cell?: Cell,
): Promise<RunningContender | undefined> {
  const { name, mode } = question;
  const setting = { mode, handler: cell?.handler ?? question.handler, threads: cell?.threads ?? threads };
  // The measurement starts it.
  if (contender.cold !== undefined || contender.byQuestion || cell?.startsNone)
    return { socketPath: nextSocketPath(folder), pid: 0, close: async () => undefined };
  try {
    return await startContender(contender, folder, setting);
  } catch (error) {
    onFailure({ question: name, cell: 'start', contender: contender.name, round, message: (error as Error).message });
    return undefined;
  }
}

async function measure(
  { question }: Entry,
  round: number,
  cell: Cell,
  contender: Contender,
  { socketPath, pid }: RunningContender,
  found: Found,
  options: RoundOptions,
): Promise<boolean> {
  const { generator, seconds, warmUpSeconds, prepared, onStep, onFailure } = options;
  const threads = cell.threads ?? options.threads;
  const step = { question: question.name, round, cell: cell.name, contender: contender.name };
  onStep(step);
  try {
    const { mode, handler } = question;
    const { cold } = contender;
    const start = cold && {
      ...cold,
      command: contender.command({ socketPath, mode, handler, threads }),
      env: { ...process.env, ...contender.env() },
    };
    const { kind } = contender;
    const subject = { cell, kind, socketPath, pid, threads, generator, mode, seconds, warmUpSeconds, start };
    const sample = await question.measure(subject, prepared);
    found.get(cell.name)?.[round - 1]?.set(contender.name, sample);
    return true;
  } catch (error) {
    onFailure({ ...step, message: (error as Error).message });
    return false;
  }
}
