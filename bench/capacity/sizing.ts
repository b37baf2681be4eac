/** Finds how many instances a load needs: the fewest whose simulated 99th percentile keeps the target. */
import { type ApproximateWait, approximateWait } from './queueing.ts';
import { p99Of, type ServiceTimes } from './service-times.ts';
import { type Choice, type Estimate, type Simulated, simulate } from './simulate.ts';

export type Target = {
  /** Whether it is about the wait of requests, or about their wait and service. */
  of: 'wait' | 'response';
  /** The longest 99th percentile, in milliseconds. */
  p99Ms: number;
};

export type SizingOptions = {
  service: ServiceTimes;
  /** Requests a second. */
  rate: number;
  places: number;
  choice: Choice;
  target: Target;
  seed: number;
  requests: number;
  maxInstances: number;
};

export type Row = {
  instances: number;
  /** The share of all places that are busy, on average. */
  utilisation: number;
  approximate: ApproximateWait;
  simulated: Simulated;
  keepsTarget: boolean;
};

export type Sizing = {
  /** Places that are busy on average, whatever their number. */
  load: number;
  /** The fewest instances that keep the target. */
  needed: number;
  /** Those around it. */
  rows: Row[];
};

/** Rows below and above the answer. */
const AROUND = 3;

/** @throws Error for a target that no number of instances keeps, or none up to the maximum. */
export function findInstances(options: SizingOptions): Sizing {
  const { service, rate, places, target, seed, maxInstances } = options;
  const load = (rate / 1000) * service.meanMs;
  // With exactly as many places as work, the queue would grow without end.
  const fewest = Math.floor(load / places) + 1;
  const loadText = `a load of ${load.toFixed(1)} busy places`;
  if (fewest > maxInstances) {
    throw new Error(
      `${loadText} can never be served by ${maxInstances} instances with ${places} places each: it needs ${fewest} at least. ` +
        'Give more --places, or a higher --max-instances',
    );
  }
  const serviceP99Ms = p99Of(service, seed);
  if (target.of === 'response' && target.p99Ms < serviceP99Ms) {
    throw new Error(
      `--p99-response ${target.p99Ms}: no number of instances keeps it, since one request in a hundred takes ` +
        `${serviceP99Ms.toFixed(1)} ms or longer without any wait`,
    );
  }

  const known = new Map<number, Row>();
  const rowOf = (instances: number): Row => {
    const found = known.get(instances) ?? measureRow(options, instances);
    known.set(instances, found);
    return found;
  };
  let below = fewest - 1;
  let above = fewest;
  for (let step = 1; !rowOf(above).keepsTarget; step *= 2) {
    if (above === maxInstances) {
      throw new Error(
        `${maxInstances} instances do not keep the target. Give a longer time, or a higher --max-instances`,
      );
    }
    below = above;
    above = Math.min(maxInstances, above + step);
  }
  while (above - below > 1) {
    const middle = (above + below) >> 1;
    if (rowOf(middle).keepsTarget) above = middle;
    else below = middle;
  }
  const rows = [];
  for (let each = Math.max(fewest, above - AROUND); each <= Math.min(maxInstances, above + AROUND); each += 1) {
    rows.push(rowOf(each));
  }
  return { load, needed: above, rows };
}

function measureRow({ service, rate, places, choice, target, seed, requests }: SizingOptions, instances: number): Row {
  const perMs = rate / 1000;
  // Chosen by chance, each instance is a queue of its own.
  const queues = choice === 'random' ? instances : 1;
  const servers = (instances * places) / queues;
  const simulated = simulate({ rate: perMs, service, instances, places, choice, seed, requests });
  return {
    instances,
    utilisation: (perMs * service.meanMs) / (instances * places),
    approximate: approximateWait({ rate: perMs / queues, meanMs: service.meanMs, cv: service.cv, servers }),
    simulated,
    keepsTarget: upper(simulated[target.of].p99) <= target.p99Ms,
  };
}

/** The noise of the simulation counts against the target. */
function upper({ value, plusMinus }: Estimate): number {
  return value + plusMinus;
}
