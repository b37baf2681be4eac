/** The command line of the suite. */
import { parseArgs } from 'node:util';

export const VERBS = ['run', 'soak', 'corpus', 'idle-exit', 'sigterm', 'reloads', 'storm', 'report', 'help'] as const;
export type VerbName = (typeof VERBS)[number];

export type Options = {
  verb: VerbName;
  minutes: number;
  /** Undefined when one is to be drawn. */
  seed: number | undefined;
  json: boolean;
  inputs: number;
  cycles: number;
  times: number;
  connections: number;
};

const DEFAULTS = { minutes: 1, inputs: 50_000, cycles: 200, times: 50, connections: 10_000 };

export const HELP = `Usage: npm run chaos -- [VERB] [options]

  run        clients of all kinds and a mischief-maker for --minutes: each request has one outcome, the right one
  corpus     --inputs mutated inputs to the parsers, and as many to running agents
  idle-exit  --cycles lives of agents, with clients that knock around the ends of these
  sigterm    an agent under load is told to leave, --times times
  reloads    an agent under load loads its module anew, --times times
  storm      --connections connections at once, and as many that are idle
  soak       a steady load for --minutes (npm run soak): whether memory, descriptors and threads grow
  report     writes docs/reliability.md from chaos/results

  --minutes N      default: ${DEFAULTS.minutes}
  --inputs N       default: ${DEFAULTS.inputs}
  --cycles N       default: ${DEFAULTS.cycles}
  --times N        default: ${DEFAULTS.times}
  --connections N  default: ${DEFAULTS.connections}
  --seed S         what an earlier run has said, to have its random numbers again
  --json           print the result as JSON

Each verb but report writes its result to chaos/results/VERB.json, and ends with status 1 when something is wrong.
`;

/** @throws when an argument makes no sense. */
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
    throw new Error(`${positionals.join(' ')}: not one of ${VERBS.join(', ')}`);
  const numberOf = (flag: keyof typeof DEFAULTS, whole = true): number => {
    const number = Number(values[flag] ?? DEFAULTS[flag]);
    if (number > 0 && (!whole || Number.isSafeInteger(number))) return number;
    throw new Error(`--${flag} ${values[flag]}: not a ${whole ? 'whole ' : ''}number above zero`);
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
  throw new Error(`--seed ${text}: not a whole number below 2^32`);
}
