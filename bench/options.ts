/** The command line of the bench. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { listOf, numberOf, wholeOf } from './arguments.ts';
import { GUARD_HELP } from './guard/options.ts';
import { MIN_ROUNDS } from './noise.ts';
import { QUESTIONS } from './questions/index.ts';

export type BenchOptions = {
  command: 'run' | 'report' | 'techniques' | 'help';
  quick: boolean;
  only: readonly string[];
  contenders: readonly string[];
  cells: readonly string[];
  rounds: number;
  seconds: number;
  threads: number;
  /** Other checkouts of launchpool that take part, by the names they have in the results. */
  beside: readonly Checkout[];
  /** Paths of other Node programs, with which the first reply is measured too. */
  nodes: readonly string[];
  /** The file of the results; undefined when they are only printed. */
  json: string | undefined;
};

export type Checkout = { name: string; folder: string };

export const RESULTS_FILE: string = resolve(import.meta.dirname, 'results.json');

/** A whole run has as many rounds as the interval of a ratio needs: noise.ts. */
const ROUNDS = { full: MIN_ROUNDS, quick: 2 };
const SECONDS = { full: 0.6, quick: 0.3 };

/** Says how many instances of a service on NATS a load needs: capacity/. It has a help of its own. */
export const CAPACITY = 'nats-capacity';

export const HELP = `Usage: npm run bench -- [QUESTION] [options]
       npm run bench -- report [FILE]
       npm run bench -- techniques [options]
       npm run bench -- --guard REV [options]
       npm run bench -- ${CAPACITY} [options]

Measures launchpool beside its peers: in each round all of them, close together and in a new order. Checks every reply.
Prints medians over the rounds, and ratios, which are taken within each round.

  --quick              a run of less than 90 seconds: ${ROUNDS.quick} rounds, fewer cells, fewer contenders
  --only A,B           these questions only; QUESTION stands for one of them
  --contenders A,B     these contenders only; "python" means all of them, "python3.13" those of one version
  --cells A,B          these cells only
  --rounds N           number of measurements of each cell (default: ${ROUNDS.full})
  --seconds S          duration of each measurement (default: ${SECONDS.full})
  --threads N          worker threads or processes of each contender (default: 2)
  --beside NAME=DIR    another checkout of launchpool takes part as launchpool:NAME (may be given again)
  --node PATH          another node starts launchpool, and one bare worker, for a first reply (may be given again)
  --json FILE          write the results to FILE (default of a whole run: bench/results.json)
  --help               this text

Two cells in less than a minute: --only throughput --cells 1x1,16x16 --contenders launchpool,inline --seconds 0.2

Before a ratio, ≈ means that the rounds show no difference, and ? that there are fewer than the ${MIN_ROUNDS} rounds that an
interval needs. first-reply has agents of real packages after \`npm ci --prefix packages\`; shell has prettierd and eslint_d
after \`npm ci --prefix packages/peers\`, and nc where OpenBSD's is installed; nats needs nats-server on the PATH, and
\`npm ci --prefix packages/nats\`. Without them, these rows say what is missing.

report writes bench/README.md and its charts from FILE (default: bench/results.json).

techniques measures launchpool beside itself with one technique switched off, and writes docs/performance.md.

${GUARD_HELP}`;

/** @throws when an argument is invalid. */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      contenders: { type: 'string', default: '' },
      cells: { type: 'string', default: '' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      threads: { type: 'string', default: '2' },
      beside: { type: 'string', multiple: true, default: [] },
      node: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  const [first = 'run', file, ...rest] = positionals;
  const isQuestion = QUESTIONS.some(({ name }) => name === first) && file === undefined;
  const command = isQuestion ? 'run' : first;
  if ((command !== 'run' && command !== 'report' && command !== 'techniques') || rest.length > 0) {
    const names = QUESTIONS.map(({ name }) => name).join(', ');
    throw new Error(
      `${positionals.join(' ')}: neither "run" nor "report [FILE]" nor "techniques" nor one question of ${names}`,
    );
  }
  const only = [...(isQuestion ? [first] : []), ...listOf(values.only)];
  const size = values.quick ? 'quick' : 'full';
  const part = only.length > 0 || values.contenders !== '' || values.cells !== '' || values.beside.length > 0;
  const json = file ?? values.json;
  return {
    command: values.help ? 'help' : command,
    quick: values.quick,
    only,
    contenders: listOf(values.contenders),
    cells: listOf(values.cells),
    rounds: values.rounds === undefined ? ROUNDS[size] : wholeOf(values.rounds, '--rounds'),
    seconds: values.seconds === undefined ? SECONDS[size] : numberOf(values.seconds, '--seconds'),
    threads: wholeOf(values.threads, '--threads'),
    beside: values.beside.map(checkoutOf),
    nodes: values.node.map((path) => resolve(path)),
    json:
      json !== undefined
        ? resolve(json)
        : (part && command === 'run') || command === 'techniques'
          ? undefined
          : RESULTS_FILE,
  };
}

function checkoutOf(text: string): Checkout {
  const [, name, folder] = /^([\w.-]+)=(.+)$/.exec(text) ?? [];
  if (name === undefined || folder === undefined) throw new Error(`--beside ${text}: not of the form NAME=DIR`);
  return { name, folder: resolve(folder) };
}
