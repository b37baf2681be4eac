/** The command line of `npm run capacity`. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { numberOf, wholeOf } from '../arguments.ts';
import type { Demand } from './instances.ts';
import { parseTimes, type ServiceTimes, timesOf } from './service-times.ts';

/** Times that vary more are not those of a gamma distribution. */
const MAX_VARIATION = 10;

export const HELP = `Usage: npm run capacity -- --rate R (--mean MS | --times FILE) --p99 MS [options]

Says how many instances of a service a load needs, so that 99 % of its
requests have their reply in time. Simulates requests that arrive
independently of each other, and go to the first place that is free.

  --rate R          requests in a second, on average
  --mean MS         mean time that a request keeps its place
  --variation V     standard deviation of that time by its mean: 0 for
                    times that are all the same, 1 for exponential ones
                    (default 1)
  --times FILE      measured times instead, in milliseconds, one a line
  --p99 MS          99 % of the replies come within this time
  --places N        requests that one instance runs at once: --threads,
                    by --concurrency for handlers that wait (default 1)
  --spare N         instances that may be gone at once (default 1)
  --max N           the most instances that are tried (default 1000)
  --requests N      simulated requests for each number (default 200000)
  --seed N          another sequence of random numbers (default 1)
  --check           runs the load on real instances on this machine, and
                    prints what they reach beside the simulation; needs
                    nats-server and npm ci --prefix packages/nats
  --instances N     instances for --check (default: what is needed)
  --seconds S       duration of --check (default 10)
  --json            prints the result as JSON
  --help            prints this

Exit status: 0, 1 if even --max instances are too few, 64 for arguments
that are not valid.
`;

export type CapacityOptions = {
  demand: Demand;
  isJson: boolean;
  check: { instances: number | undefined; seconds: number } | undefined;
};

/** @returns undefined for --help. @throws Error for arguments that are not valid */
export function readOptions(args: readonly string[]): CapacityOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rate: { type: 'string' },
      mean: { type: 'string' },
      variation: { type: 'string' },
      times: { type: 'string' },
      p99: { type: 'string' },
      places: { type: 'string', default: '1' },
      spare: { type: 'string', default: '1' },
      max: { type: 'string', default: '1000' },
      requests: { type: 'string', default: '200000' },
      seed: { type: 'string', default: '1' },
      check: { type: 'boolean', default: false },
      instances: { type: 'string' },
      seconds: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return undefined;
  const needed = (name: 'rate' | 'p99'): number => {
    const text = values[name];
    if (text === undefined) throw new Error(`--${name} is missing`);
    return numberOf(text, `--${name}`);
  };
  const requests = wholeOf(values.requests, '--requests');
  if (requests < 1_000) throw new Error('--requests: fewer than 1000 say nothing about a p99');
  const demand = {
    perSecond: needed('rate'),
    times: readTimes(values),
    placesEach: wholeOf(values.places, '--places'),
    p99Ms: needed('p99'),
    spare: values.spare === '0' ? 0 : wholeOf(values.spare, '--spare'),
    maxInstances: wholeOf(values.max, '--max'),
    requests,
    seed: wholeOf(values.seed, '--seed'),
  };
  const instances = values.instances === undefined ? undefined : wholeOf(values.instances, '--instances');
  const check = values.check ? { instances, seconds: numberOf(values.seconds, '--seconds') } : undefined;
  return { demand, isJson: values.json, check };
}

function readTimes({ mean, times, variation }: { mean?: string; times?: string; variation?: string }): ServiceTimes {
  if ((mean === undefined) === (times === undefined)) throw new Error('give either --mean MS or --times FILE');
  if (times !== undefined) {
    if (variation !== undefined) throw new Error('--variation goes with --mean: measured times have their own');
    return parseTimes(readFileSync(times, 'utf8'));
  }
  const spread = variation === undefined ? 1 : variation === '0' ? 0 : numberOf(variation, '--variation');
  if (spread > MAX_VARIATION) throw new Error(`--variation ${variation}: above ${MAX_VARIATION}: give measured times`);
  return timesOf(numberOf(mean as string, '--mean'), spread);
}
