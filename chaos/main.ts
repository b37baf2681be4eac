/** `npm run chaos`: runs one verb of the suite, prints its result and writes it to a file; or writes the report. */

import { buildProgram } from '../build/program.ts';
import { HELP, type Options, readOptions, type VerbName } from './options.ts';
import { createProgress } from './progress.ts';
import { createRandom, newSeed } from './random.ts';
import { describeMachine, type Result, resultOf, writeResult } from './results.ts';
import { createScope, type Scope } from './scope.ts';
import type { Verb } from './verb.ts';

/** Loaded on demand, so that a defect in one verb does not affect the others. */
const VERBS: Readonly<Record<Exclude<VerbName, 'help' | 'report'>, () => Promise<Verb>>> = {
  run: async () => (await import('./disturbed-load.ts')).disturbedLoad,
  soak: async () => (await import('./soak.ts')).soak,
  corpus: async () => (await import('./corpus.ts')).corpus,
  'idle-exit': async () => (await import('./idle-exit.ts')).idleExit,
  sigterm: async () => (await import('./sigterm.ts')).sigterm,
  reloads: async () => (await import('./reloads.ts')).reloads,
  storm: async () => (await import('./storm.ts')).storm,
  memory: async () => (await import('./memory.ts')).memory,
  hostile: async () => (await import('./hostile.ts')).hostile,
};
const SIGNAL_STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`chaos: ${(error as Error).stack}\n`);
  process.exitCode = 1;
}

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options.verb === 'help') {
    process.stdout.write(HELP);
    return 0;
  }
  if (options.verb === 'report') {
    const { writeReport } = await import('./report.ts');
    await writeReport();
    return 0;
  }
  const result = await run(options, args, VERBS[options.verb]);
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : textOf(result));
  return result.ok ? 0 : 1;
}

async function run(options: Options, args: readonly string[], load: () => Promise<Verb>): Promise<Result> {
  const { seed = newSeed() } = options;
  const machine = describeMachine();
  const scope = await createScope();
  const progress = createProgress();
  for (const [signal, status] of Object.entries(SIGNAL_STATUS)) {
    process.once(signal, () => scope.end().finally(() => process.exit(status)));
  }
  process.stderr.write(`seed ${seed}\n`);
  try {
    useBuiltProgram(scope);
    const verb = await load();
    const startedAt = performance.now();
    const outcome = await verb({ options, random: createRandom(seed), scope, progress: progress.show });
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    const command = ['npm run chaos --', ...args, ...(options.seed === undefined ? ['--seed', seed] : [])].join(' ');
    const result = resultOf(outcome, { command, seed, seconds, machine });
    writeResult(options.verb, result);
    return result;
  } finally {
    progress.end();
    await scope.end();
  }
}

/** The agents of all verbs run the built program, as users do. From sources, type stripping takes half of a short life. */
function useBuiltProgram({ defer }: Scope): void {
  if (process.env.LAUNCHPOOL_TEST_PROGRAM !== undefined) return;
  const { path, remove } = buildProgram();
  defer(remove);
  process.env.LAUNCHPOOL_TEST_PROGRAM = path;
}

function textOf({ ok, figures, faults, slow = [], skipped = [], seed, seconds }: Result): string {
  const lines = [
    ...Object.entries(figures).map(([name, value]) => `${name}: ${JSON.stringify(value)}`),
    ...skipped.map((text) => `SKIPPED: ${text}`),
    ...faults.map((fault) => `FAULT: ${fault}`),
    ...slow.map((text) => `SLOW: ${text}`),
    `${ok ? 'passed' : 'FAILED'} after ${seconds} s, seed ${seed}`,
  ];
  return `${lines.join('\n')}\n`;
}
