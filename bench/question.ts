/** What a question of the bench is made of. The questions themselves stand in questions/, one script each. */
import type { ColdOptions, Generator, Mode } from './generator.ts';
import type { Ratio, Sample } from './measure.ts';
import type { Result } from './results.ts';
import type { Unit } from './text.ts';

export type Cell = {
  name: string;
  /** Whether `--quick` measures it too. */
  quick?: boolean;
  /** Kinds that cannot take part in this cell. */
  without?: readonly string[];
};

/** How a contender is started for each connection. */
export type ColdStart = Pick<ColdOptions, 'command' | 'env' | 'text' | 'reply'>;

/** What is measured: a contender that runs, in one cell. */
export type Subject<C extends Cell = Cell> = {
  cell: C;
  socketPath: string;
  pid: number;
  threads: number;
  generator: Generator;
  mode: Mode;
  seconds: number;
  warmUpSeconds: number;
  /** How it is started, if that is what is measured: then it does not run yet. */
  start: ColdStart | undefined;
};

export type Column = {
  field: string;
  title: string;
  unit?: Unit;
};

export type Question<C extends Cell = Cell> = {
  name: string;
  /** The question as a reader would ask it. */
  asks: string;
  mode: Mode;
  /** The module under bench/handlers/MODE. */
  handler: string;
  cells: readonly C[];
  /** The kinds that take part, and those that do so with `--quick`. */
  kinds: readonly string[];
  quickKinds: readonly string[];
  /** Whether each contender must have the machine to itself from its start. */
  alone?: boolean;
  /** How often it is measured in place of once: where a measurement takes no time, one says little. */
  times?: number;
  /** How many rounds are enough with `--quick`. */
  quickRounds?: number;
  measure(subject: Subject<C>): Promise<Sample>;
  ratios: readonly Ratio[];
  columns: readonly Column[];
  chart: { field: string; title: string; unit: Unit; logarithmic: boolean };
  /** One sentence with the figures of the results, for the report. */
  answer(results: readonly Result[]): string;
};

/** A cell of so many connections with so many requests under way on each. */
export type LoadCell = Cell & { connections: number; depth: number };

export function loadCell(name: string, quick = false): LoadCell {
  const [connections, depth] = name.split('x').map(Number);
  return { name, quick, connections: connections as number, depth: depth as number };
}

/** To get questions of different cells into one list. */
export function question<C extends Cell>(made: Question<C>): Question {
  return made as unknown as Question;
}
