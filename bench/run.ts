/** Measures the questions: rounds, and in each round all contenders, close together and in a new order each time. */
import { nextSocketPath, type RunningContender, startContender } from './contender.ts';
import type { Generator } from './generator.ts';
import type { Contender } from './line-up.ts';
import { isWanted, TWINS } from './line-up.ts';
import { medianRatio, medians, type Sample, shuffled } from './measure.ts';
import { ratioBounds } from './noise.ts';
import type { Cell, Question } from './question.ts';
import { type Failure, type Result, TO_LAUNCHPOOL } from './results.ts';

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

/** One question, with the cells and contenders that take part. */
export type Entry = { question: Question; cells: readonly Cell[]; contenders: readonly Contender[]; rounds: number };

export function contendersIn({ contenders }: Pick<Entry, 'contenders'>, { without = [] }: Cell): Contender[] {
  return contenders.filter(({ kind }) => !without.includes(kind));
}

/** Cell → the samples of each round, by contender. */
type Found = Map<string, Map<string, Sample>[]>;

export async function askQuestion(entry: Entry, options: RunOptions): Promise<Result[]> {
  const found: Found = new Map(entry.cells.map(({ name }) => [name, []]));
  for (let round = 1; round <= entry.rounds; round += 1) {
    for (const rounds of found.values()) rounds.push(new Map());
    const askRound = entry.question.alone ? askOneByOne : askTogether;
    await askRound(entry, round, found, options);
  }
  return resultsOf(entry, found);
}

/** All contenders run at the same time; only one gets requests, and the others wait without using the processor. */
async function askTogether(entry: Entry, round: number, found: Found, options: RunOptions): Promise<void> {
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
async function askOneByOne(entry: Entry, round: number, found: Found, options: RunOptions): Promise<void> {
  for (const cell of entry.cells) {
    for (const contender of shuffled(contendersIn(entry, cell))) {
      const started = await begin(entry, contender, round, options);
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
): Promise<RunningContender | undefined> {
  const { name, mode, handler } = question;
  // The measurement starts it.
  if (contender.cold !== undefined) return { socketPath: nextSocketPath(folder), pid: 0, close: async () => undefined };
  try {
    return await startContender(contender, folder, { mode, handler, threads });
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
  options: RunOptions,
): Promise<boolean> {
  const { generator, threads, seconds, warmUpSeconds, onStep, onFailure } = options;
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
    const sample = await question.measure({
      cell,
      socketPath,
      pid,
      threads,
      generator,
      mode,
      seconds,
      warmUpSeconds,
      start,
    });
    found.get(cell.name)?.[round - 1]?.set(contender.name, sample);
    return true;
  } catch (error) {
    onFailure({ ...step, message: (error as Error).message });
    return false;
  }
}

/** With other checkouts, all contenders are compared with this one too. */
function ratiosOf({ question, contenders }: Entry, { kind }: Contender): Question['ratios'] {
  const { ratios, chart } = question;
  if (!contenders.some((other) => other.kind in TWINS)) return ratios;
  return [...ratios, { field: TO_LAUNCHPOOL, of: chart.field, to: TWINS[kind] ?? 'launchpool' }];
}

function resultsOf(entry: Entry, found: Found): Result[] {
  const { question, cells, contenders } = entry;
  return cells.flatMap((cell) => {
    const rounds = found.get(cell.name) ?? [];
    return contenders.flatMap((contender) => {
      const { name } = contender;
      const samples = rounds.map((round) => round.get(name)).filter((sample) => sample !== undefined);
      if (samples.length === 0) return [];
      const ratios = ratiosOf(entry, contender).map(({ field, of, to }) => {
        // Of several Pythons the newest, which comes last, is the baseline.
        const baseline = contenders.findLast((other) => isWanted(other, [to]))?.name ?? to;
        return {
          [field]: rounded(medianRatio(rounds, name, { of, to: baseline })),
          ...ratioBounds(rounds, name, { field, of, to: baseline }),
        };
      });
      const measured = Object.entries(medians(samples)).map(([field, value]) => [field, rounded(value)] as const);
      return [
        {
          question: question.name,
          cell: cell.name,
          contender: name,
          reqPerSec: null,
          p50us: null,
          p99us: null,
          ratioToInline: null,
          ...Object.fromEntries(measured),
          ...Object.assign({}, ...ratios),
          rounds: samples.length,
        },
      ];
    });
  });
}

/** More than four digits would exceed the precision of the measurements. */
function rounded(value: number | null): number | null {
  return value === null ? null : Number(value.toPrecision(4));
}
