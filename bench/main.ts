/** `npm run bench`: measures all questions, or some, prints and writes the results; or writes the report. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SHORT_TEMP } from '../test/helpers/temp-dir.ts';
import { BUILT_FOLDER, buildContenders } from './build.ts';
import { compileGenerator, generatorProgram } from './generator.ts';
import { asksForGuard } from './guard/options.ts';
import { besideFolder, readLineUp } from './line-up.ts';
import { readCommit, readMachine } from './machine.ts';
import { type BenchOptions, CAPACITY, type Checkout, HELP, readOptions } from './options.ts';
import { planRun, stepsOf } from './plan.ts';
import { endAll } from './processes.ts';
import { createProgress } from './progress.ts';
import { QUESTIONS } from './questions/index.ts';
import type { Failure, Result, Results } from './results.ts';
import { askQuestion } from './run.ts';
import { questionText } from './table.ts';

const PERFORMANCE_FILE = join(import.meta.dirname, '..', 'docs', 'performance.md');
const SIGNAL_STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Another launchpool that takes part, and the function that compiles its contenders to a folder. */
type Beside = { name: string; build: (built: string) => Promise<void> };

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function main(args: readonly string[]): Promise<number> {
  const [command, ...rest] = args;
  if (command === CAPACITY) {
    const { runCapacity } = await import('./capacity/capacity.ts');
    return inFolder(() => runCapacity(rest));
  }
  if (asksForGuard(args)) {
    const { runGuard } = await import('./guard/guard.ts');
    return inFolder((folder) => runGuard(args, folder));
  }
  const options = readOptions(args);
  if (options.command === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.command === 'report') {
    const { writeReport } = await import('./report.ts');
    await writeReport(options.json as string);
    return 0;
  }
  const techniques = options.command === 'techniques' ? await import('./techniques.ts') : undefined;
  return inFolder((folder) =>
    techniques === undefined ? run(options, folder) : runTechniques(options, folder, techniques),
  );
}

/** Gives a run a temporary folder. At its end or at a signal, removes the folder and ends the processes of the run. */
async function inFolder(body: (folder: string) => Promise<number>): Promise<number> {
  const folder = await mkdtemp(join(SHORT_TEMP, 'bench-'));
  const cleanUp = async (): Promise<void> => {
    await endAll();
    await rm(folder, { recursive: true, force: true });
    await rm(BUILT_FOLDER, { recursive: true, force: true });
  };
  for (const [signal, status] of Object.entries(SIGNAL_STATUS)) {
    process.once(signal, () => cleanUp().finally(() => process.exit(status)));
  }
  try {
    return await body(folder);
  } finally {
    await cleanUp();
  }
}

async function runTechniques(
  options: BenchOptions,
  folder: string,
  { TECHNIQUES, TECHNIQUES_RUN, switchOff, variantName, writeTechniques }: typeof import('./techniques.ts'),
): Promise<number> {
  const beside: Beside[] = TECHNIQUES.map((technique) => ({
    name: variantName(technique),
    build: (built) => buildContenders(built, undefined, (compiled) => switchOff(technique, compiled)),
  }));
  return run({ ...options, ...TECHNIQUES_RUN }, folder, beside, (found) => writeTechniques(found, PERFORMANCE_FILE));
}

/** @returns the exit status: 1 when a measurement has failed. */
async function run(
  options: BenchOptions,
  folder: string,
  beside: readonly Beside[] = options.beside.map(checkoutBeside),
  write?: (found: Results) => Promise<void>,
): Promise<number> {
  const { quick, threads, seconds, json } = options;
  const lineUp = readLineUp({
    generator: generatorProgram(folder),
    built: BUILT_FOLDER,
    everyPython: !quick,
    beside,
    nodes: options.nodes,
  });
  const entries = planRun(QUESTIONS, lineUp.contenders, options);
  const generator = await compileGenerator(folder);
  await buildContenders();
  for (const { name, build } of beside) await build(besideFolder(BUILT_FOLDER, name));
  const progress = createProgress(stepsOf(entries));
  const machine = readMachine();
  const failures: Failure[] = [];
  const results: Result[] = [];

  progress.print(`${machine.cpu}, ${machine.cores} cores, ${machine.os}, Node ${machine.node}`);
  if (machine.loadAverage > machine.cores / 4) {
    progress.print(
      `Other processes use this machine (load ${machine.loadAverage}): the figures are rough, and only the ratios comparable.`,
    );
  }
  if (quick) progress.print('A quick run: fewer rounds, cells and contenders, and less reliable figures.');
  for (const { kind, why } of lineUp.missing) progress.print(`Without ${kind}: ${why}.`);
  for (const entry of entries) {
    const found = await askQuestion(entry, {
      generator,
      folder,
      threads,
      seconds,
      warmUpSeconds: seconds / 3,
      onStep: progress.step,
      onFailure(failure) {
        failures.push(failure);
        progress.print(failureText(failure));
      },
    });
    results.push(...found);
    progress.result(`\n${questionText(entry.question, found)}\n`);
  }
  progress.end();

  const { missing } = lineUp;
  const written: Results = {
    machine,
    commit: readCommit(),
    date: new Date().toISOString(),
    quick,
    threads,
    results,
    failures,
    missing,
  };
  await write?.(written);
  if (json !== undefined) await writeFile(json, `${JSON.stringify(written, null, 2)}\n`);
  for (const failure of failures) process.stderr.write(`${failureText(failure)}\n`);
  return failures.length === 0 ? 0 : 1;
}

function checkoutBeside({ name, folder: root }: Checkout): Beside {
  return { name, build: (built) => buildContenders(built, root) };
}

function failureText({ question, cell, contender, round, message }: Failure): string {
  return `${question}, ${cell}, ${contender}, round ${round}: ${message}`;
}
