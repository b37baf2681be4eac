/** The parts of a question of the bench. The questions are in questions/, one script each. */
import type { ColdOptions, Generator, Mode } from './generator.ts';
import type { Curve } from './growth/curve.ts';
import type { Ratio, Sample } from './measure.ts';
import type { Result } from './results.ts';
import type { Unit } from './text.ts';

export type Cell = {
  name: string;
  /** Whether `--quick` measures it too. */
  quick?: boolean;
  /** Kinds that cannot take part in this cell. */
  without?: readonly string[];
  /** Instead of the question's handler, or of the threads of the run. For questions whose contenders start alone. */
  handler?: string;
  threads?: number;
  /** Whether no contender is started: the measurement starts its own programs. */
  startsNone?: boolean;
};

/** How a contender starts for each connection. */
export type ColdStart = Pick<ColdOptions, 'command' | 'env' | 'text' | 'reply'>;

/** The subject of a measurement: a running contender, in one cell. */
export type Subject<C extends Cell = Cell> = {
  cell: C;
  /** The kind of the contender. */
  kind: string;
  socketPath: string;
  pid: number;
  threads: number;
  generator: Generator;
  mode: Mode;
  seconds: number;
  warmUpSeconds: number;
  /** How it starts, if the start is measured: then it does not run yet. */
  start: ColdStart | undefined;
};

/** A row that cannot be measured on this machine, and how to change that. Without a cell, all cells are meant. */
export type Missing = { contender: string; cell?: string; why: string };

/** Why a row is missing, as the first line of an error. */
export function failureText(error: unknown): string {
  return `fails: ${(error as Error).message.split('\n')[0]?.slice(0, 120)}`;
}

/** What a question sets up before its rounds, and removes behind them. */
export type Prepared = { missing: readonly Missing[]; close(): Promise<void> };

export type PrepareOptions = {
  generator: Generator;
  /** A folder that the run removes at its end. */
  folder: string;
  /** The names of the cells of this run. */
  cells: readonly string[];
};

export type Column = {
  field: string;
  title: string;
  unit?: Unit;
};

export type Question<C extends Cell = Cell, P extends Prepared = Prepared> = {
  name: string;
  /** The question in the words of a reader. */
  asks: string;
  /** What the rows of its table are, where their names do not say it. */
  note?: string;
  /** The question with which `--only` selects it too. */
  partOf?: string;
  mode: Mode;
  /** The module under bench/handlers/MODE. */
  handler: string;
  cells: readonly C[];
  /** The kinds that take part, and those that do so with `--quick`. */
  kinds: readonly string[];
  quickKinds: readonly string[];
  /** Whether each contender needs the machine to itself from its start. */
  alone?: boolean;
  /** The number of measurements, instead of one: where a measurement takes no time, one is not reliable. */
  times?: number;
  /** The sufficient number of rounds with `--quick`. */
  quickRounds?: number;
  prepare?(options: PrepareOptions): Promise<P>;
  /** @param prepared is only missing for questions without `prepare`. */
  measure(subject: Subject<C>, prepared: P): Promise<Sample>;
  /** Adds figures that need all rounds, or several cells. */
  complete?(results: Result[], found: ReadonlyMap<string, readonly ReadonlyMap<string, Sample>[]>): Result[];
  ratios: readonly Ratio[];
  columns: readonly Column[];
  /** Instead of bars, the chart has these curves; the table is one for all cells. */
  curves?: readonly Curve[];
  chart: { field: string; title: string; unit: Unit; logarithmic: boolean };
  /** One sentence with the figures of the results, for the report. */
  answer(results: readonly Result[]): string;
};

/** A cell of this many connections with this many open requests on each, whose texts have `size` bytes. */
export type LoadCell = Cell & { connections: number; depth: number; size?: number };

export function loadCell(name: string, quick = false): LoadCell {
  const [connections, depth] = name.split('x').map(Number);
  return { name, quick, connections: connections as number, depth: depth as number };
}

/** The same with texts of a size, which stands in the name: `4 KiB 16x16`. */
export function sizeCell(label: string, size: number, load: string, quick = false): LoadCell & { size: number } {
  return { ...loadCell(load, quick), name: `${label} ${load}`, size };
}

/** Makes one list of questions with different cells possible. */
export function question<C extends Cell, P extends Prepared = Prepared>(made: Question<C, P>): Question {
  return made as unknown as Question;
}
