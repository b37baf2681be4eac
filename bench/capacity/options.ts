/** The command line of `nats-capacity`. */
import { parseArgs } from 'node:util';
import { notNegativeOf, numberOf, wholeOf } from '../arguments.ts';
import { CHOICES, type Choice } from './simulate.ts';
import type { Target } from './sizing.ts';

export type ServiceSource =
  | { kind: 'file'; file: string }
  | { kind: 'mean'; meanMs: number; cv: number }
  | { kind: 'live'; address: string };

export type CapacityOptions = {
  source: ServiceSource;
  rate: number;
  places: number;
  choice: Choice;
  target: Target;
  seed: number;
  requests: number;
  maxInstances: number;
  json: boolean;
  /** The comparison with real instances; undefined if it is not asked for. */
  check: { instances: number | undefined; seconds: number } | undefined;
};

const DEFAULTS = { cv: '1', choice: 'central', seed: '1', requests: '40000', maxInstances: '1000', seconds: '20' };

export const CAPACITY_HELP = `Usage: npm run bench -- nats-capacity [options]

Says how many instances of a service on NATS a load needs. Simulates queues with Poisson arrivals (M/G/k), and prints the
approximation of Allen and Cunneen beside the simulation. Times are milliseconds.

How long requests take without a wait, one of:
  --times FILE         measured times, one number on each line
  --mean MS            the mean of gamma distributed times
  --cv C               with --mean, the coefficient of variation: 0 constant, 1 exponential (default: ${DEFAULTS.cv})
  --service ADDRESS    nats://HOST[:PORT]/NAME: what a running service with little load reports of itself in $SRV.STATS

The load, and one target:
  --rate R             requests a second, over all instances
  --places K           requests that an instance runs at once: for synchronous handlers, its threads
  --p99-wait MS        the longest wait that one request in a hundred may exceed
  --p99-response MS    the same for wait and service together

  --choice CHOICE      central: one queue for all instances (default); shortest: the instance with the fewest open requests;
                       client: the one that launchpool's client chooses, by its own code, with all requests in one client;
                       random: any instance, as a queue group of NATS
  --requests N         measured requests of each of the ten replications (default: ${DEFAULTS.requests})
  --seed N             seed of the random numbers (default: ${DEFAULTS.seed})
  --max-instances N    the largest number to try (default: ${DEFAULTS.maxInstances})
  --json               the results as JSON
  --help               this text

  --check              also starts a NATS server and instances whose threads sleep, sends Poisson arrivals by launchpool's client,
                       and prints what was measured beside what is simulated for the same service times
  --instances N        with --check, the number of instances (default: the number that is needed)
  --seconds S          with --check, the duration of the load (default: ${DEFAULTS.seconds})

Example: npm run bench -- nats-capacity --mean 20 --cv 0.5 --rate 400 --places 2 --p99-wait 20
`;

/** @returns undefined when help is asked for. @throws Error when an argument is invalid. */
export function readCapacityOptions(args: readonly string[]): CapacityOptions | undefined {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...{ times: text, mean: text, cv: text, service: text, rate: text, places: text },
      ...{ 'p99-wait': text, 'p99-response': text, choice: text, requests: text, seed: text, 'max-instances': text },
      ...{ instances: text, seconds: text },
      ...{ json: { type: 'boolean' }, check: { type: 'boolean' }, help: { type: 'boolean' } },
    },
  });
  if (values.help) return undefined;
  const { choice = DEFAULTS.choice, instances, seconds } = values;
  if (!CHOICES.includes(choice as Choice)) throw new Error(`--choice ${choice}: there are ${CHOICES.join(', ')}`);
  if (!values.check && (instances ?? seconds) !== undefined) {
    throw new Error(`--${instances === undefined ? 'seconds' : 'instances'} belongs to --check`);
  }
  return {
    source: sourceOf(values),
    rate: numberOf(needed(values.rate, '--rate'), '--rate'),
    places: wholeOf(needed(values.places, '--places'), '--places'),
    choice: choice as Choice,
    target: targetOf(values),
    seed: wholeOf(values.seed ?? DEFAULTS.seed, '--seed'),
    requests: wholeOf(values.requests ?? DEFAULTS.requests, '--requests'),
    maxInstances: wholeOf(values['max-instances'] ?? DEFAULTS.maxInstances, '--max-instances'),
    json: values.json ?? false,
    check: values.check
      ? {
          instances: instances === undefined ? undefined : wholeOf(instances, '--instances'),
          seconds: numberOf(seconds ?? DEFAULTS.seconds, '--seconds'),
        }
      : undefined,
  };
}

type Given = { times?: string; mean?: string; cv?: string; service?: string };

function sourceOf({ times, mean, cv, service }: Given): ServiceSource {
  if ([times, mean, service].filter((each) => each !== undefined).length !== 1) {
    throw new Error('give the service times by one of --times FILE, --mean MS and --service ADDRESS');
  }
  if (cv !== undefined && mean === undefined) throw new Error('--cv belongs to --mean');
  if (times !== undefined) return { kind: 'file', file: times };
  if (service !== undefined) return { kind: 'live', address: service };
  return {
    kind: 'mean',
    meanMs: numberOf(mean as string, '--mean'),
    cv: notNegativeOf(cv ?? DEFAULTS.cv, '--cv'),
  };
}

function targetOf(values: { 'p99-wait'?: string; 'p99-response'?: string }): Target {
  const { 'p99-wait': wait, 'p99-response': response } = values;
  if ((wait === undefined) === (response === undefined)) {
    throw new Error('give one target: --p99-wait MS or --p99-response MS');
  }
  return wait === undefined
    ? { of: 'response', p99Ms: numberOf(response as string, '--p99-response') }
    : { of: 'wait', p99Ms: notNegativeOf(wait, '--p99-wait') };
}

function needed(text: string | undefined, flag: string): string {
  if (text === undefined) throw new Error(`${flag} is missing; --help explains it`);
  return text;
}
