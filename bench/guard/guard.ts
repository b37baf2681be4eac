/** `npm run bench -- --guard REV`: compares this checkout with another commit, and fails if it is worse. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { nextSocketPath } from '../contender.ts';
import { compileGenerator } from '../generator.ts';
import { readCommit, readMachine } from '../machine.ts';
import { createProgress } from '../progress.ts';
import { buildSides } from './builds.ts';
import { CELLS, type GuardCell, prepare } from './cells.ts';
import { compare } from './comparison.ts';
import { type GuardOptions, readGuardOptions } from './options.ts';
import { exitStatus, type GuardResults, STATUS } from './results.ts';
import { type GuardFailure, measureRound, type Sample, type Setting } from './rounds.ts';
import { SIDES } from './side.ts';
import { resolveCommit } from './sources.ts';
import { comparisonTable, failureText, findings } from './table.ts';

const ROOT = join(import.meta.dirname, '..', '..');

/** @returns the exit status. */
export async function runGuard(args: readonly string[], folder: string): Promise<number> {
  try {
    const options = readGuardOptions(args);
    const results = await measure(options, folder);
    print(results);
    if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
    return exitStatus(results);
  } catch (error) {
    process.stderr.write(`bench: ${(error as Error).message}\n`);
    return STATUS.notMeasured;
  }
}

async function measure(options: GuardOptions, folder: string): Promise<GuardResults> {
  const { revision, rounds, below, threads, seconds } = options;
  const cells = CELLS.filter(({ name }) => options.cells.length === 0 || options.cells.includes(name));
  const commit = await resolveCommit(ROOT, revision);
  const machine = readMachine();
  const own = readCommit();
  note(`Compares this checkout (${own}) with ${revision} (${commit.slice(0, 12)}) on Node ${machine.node}.`);
  if (own.endsWith('+')) note('It has uncommitted changes: they are included.');
  if (machine.loadAverage > machine.cores / 4) {
    note(`Other processes use this machine (load ${machine.loadAverage}): the intervals become wider.`);
  }
  const generator = await compileGenerator(folder);
  const { builds, handlers } = await buildSides(commit, folder, note);
  const common = { generator, handlers, threads, seconds };
  for (const side of SIDES) {
    note(`Starts ${side} once.`);
    await prepare({ ...common, build: builds[side], socketPath: nextSocketPath(folder), pid: 0 });
  }

  const progress = createProgress(rounds * stepsOf(cells));
  const failures: GuardFailure[] = [];
  const setting: Setting = {
    ...common,
    builds,
    folder,
    onStep: ({ round, cell, side }) => progress.step({ question: 'guard', round, cell, contender: side }),
    onFailure(failure) {
      failures.push(failure);
      progress.print(failureText(failure));
    },
    onLog: (round, side, text) => progress.print(`round ${round}, ${side} has logged: ${text}`),
  };
  const startedAt = performance.now();
  const samples: Sample[] = [];
  for (let round = 1; round <= rounds; round += 1) samples.push(...(await measureRound(cells, round, setting)));
  progress.end();

  return {
    machine,
    other: { revision, commit },
    this: own,
    date: new Date().toISOString(),
    below,
    rounds,
    threads,
    seconds: Math.round((performance.now() - startedAt) / 1000),
    comparisons: cells.map((cell) => compare(cell, samples, below)).filter((found) => found !== undefined),
    failures,
    samples,
  };
}

function stepsOf(cells: readonly GuardCell[]): number {
  return cells.reduce((sum, { repeats }) => sum + repeats * SIDES.length, 0);
}

function print({ comparisons, failures, below, rounds, seconds }: GuardResults): void {
  const lines = [
    comparisonTable(comparisons),
    '',
    `${rounds} rounds, ${seconds} s. A ratio below 1 means that this checkout is worse.`,
    ...findings(comparisons, below),
    ...failures.map(failureText),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

/** Progress and conditions go to standard error, results to standard output. */
function note(text: string): void {
  process.stderr.write(`${text}\n`);
}
