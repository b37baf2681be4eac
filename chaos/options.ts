/** Parses the command line of the suite. */
import { parseArgs } from 'node:util';

export const VERBS = [
  'run',
  'soak',
  'corpus',
  'idle-exit',
  'sigterm',
  'reloads',
  'storm',
  'memory',
  'hostile',
  'report',
  'help',
] as const;
export type VerbName = (typeof VERBS)[number];

export type Options = {
  verb: VerbName;
  minutes: number;
  /** Undefined for a random seed. */
  seed: number | undefined;
  json: boolean;
  inputs: number;
  cycles: number;
  times: number;
  connections: number;
};

const DEFAULTS = { minutes: 1, inputs: 50_000, cycles: 200, times: 50, connections: 10_000 };

export const HELP = `Usage: npm run chaos -- [VERB] [options]

  run        clients of all kinds and disturbances for --minutes: each request has one outcome, the right one
  corpus     --inputs mutated inputs to the parsers, and as many to running agents
  idle-exit  --cycles idle exits of agents, with clients that call around the exit: each call is answered
  sigterm    --times SIGTERMs to an agent under load: it answers all requests that it has read
  reloads    --times reloads of the module of an agent under load: no call fails
  storm      --connections connections at once, and as many idle ones: nearly all are served
  memory     clients that do not read, and half frames: the memory of the process has the bound of docs/reliability.md
  hostile    input that is meant to keep the main thread busy: its processor time for each MiB has a bound
  soak       a steady load for --minutes (npm run soak): memory, descriptors and threads do not grow
  report     writes docs/reliability.md from chaos/results

  --minutes N      default: ${DEFAULTS.minutes}
  --inputs N       default: ${DEFAULTS.inputs}
  --cycles N       default: ${DEFAULTS.cycles}
  --times N        default: ${DEFAULTS.times}
  --connections N  default: ${DEFAULTS.connections}
  --seed S         the seed of an earlier run, to repeat its random numbers
  --json           print the result as JSON

Each verb but report writes its result to chaos/results/VERB.json. Exit status 1 means that a check has failed.
`;

/** @throws on an invalid argument. */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      minutes: { type: 'string' },
      inputs: { type: 'string' },
      cycles: { type: 'string' },
      times: { type: 'string' },
      connections: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [name = 'run', ...rest] = positionals;
  const verb = VERBS.find((known) => known === name);
  if (verb === undefined || rest.length > 0)
    throw new Error(`not one of ${VERBS.join(', ')}: ${positionals.join(' ')}`);
  const numberOf = (flag: keyof typeof DEFAULTS, isInteger = true): number => {
    const number = Number(values[flag] ?? DEFAULTS[flag]);
    if (number > 0 && (!isInteger || Number.isSafeInteger(number))) return number;
    throw new Error(`--${flag}: not a ${isInteger ? 'whole ' : ''}number above zero: ${values[flag]}`);
  };
  return {
    verb: values.help ? 'help' : verb,
    minutes: numberOf('minutes', false),
    inputs: numberOf('inputs'),
    cycles: numberOf('cycles'),
    times: numberOf('times'),
    connections: numberOf('connections'),
    seed: values.seed === undefined ? undefined : seedOf(values.seed),
    json: values.json,
  };
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32) return seed;
  throw new Error(`--seed: not a whole number below 2^32: ${text}`);
}
