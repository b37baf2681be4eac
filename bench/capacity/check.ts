/** Compares the simulation with real instances: a NATS server, threads that sleep, and Poisson arrivals by launchpool's client. */
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { connectRpc, type RpcClient } from '../../src/client/rpc.ts';
import { median } from '../measure.ts';
import { missingForNats, openConnection, startInstance, startNatsServer } from '../nats/cluster.ts';
import { createRandom, exponential } from './random.ts';
import { measuredTimes, quantileOf, type ServiceTimes } from './service-times.ts';
import { type Choice, type Estimate, simulate, type Times } from './simulate.ts';

export type CheckOptions = {
  service: ServiceTimes;
  /** Requests a second. */
  rate: number;
  places: number;
  instances: number;
  seconds: number;
  seed: number;
  requests: number;
};

export type Checked = {
  instances: number;
  seconds: number;
  requests: number;
  /** What a call takes beyond its handler, if it does not wait. */
  overheadMs: number;
  /** How late one request in a hundred was sent at least: the times count from when it was due. */
  lateP99Ms: number;
  /** From the arrival of a request to its reply, in milliseconds. */
  measured: { mean: number; p50: number; p99: number };
  /** With the service times that the handlers have measured. `simulated` chooses as launchpool's client does. */
  simulated: Times;
  central: Times;
};

const NAME = 'capacity';
const OVERHEAD_CALLS = 100;
/** Calls to each instance before anything is measured: the first ones load the module in each thread. */
const WARM_UP_CALLS = 50;
/** The queues fill during the first requests, which do not count. */
const UNMEASURED_SHARE = 0.1;
/** A timer may be late by so much. */
const TIMER_MS = 2;

/** @throws Error without nats-server and the packages of NATS, or for a load that the instances cannot serve. */
export async function checkCluster(options: CheckOptions): Promise<Checked> {
  const { service, rate, places, instances, seed, requests } = options;
  const missing = missingForNats();
  if (missing !== undefined) throw new Error(`--check: ${missing}`);
  const load = (rate / 1000) * service.meanMs;
  if (load >= instances * places) {
    throw new Error(`--instances ${instances}: ${instances * places} places cannot serve a load of ${load.toFixed(1)}`);
  }
  const closings: (() => unknown)[] = [];
  try {
    const server = await startNatsServer();
    closings.push(server.close);
    const all = await Promise.all(Array.from({ length: instances }, () => startInstance(server.url, NAME, places)));
    closings.push(() => Promise.all(all.map((instance) => instance.close())));
    const nats = await openConnection(server.url);
    closings.push(() => nats.close());
    const client = await connectRpc(`${server.url}/${NAME}`, { nats });
    closings.push(() => client.close());
    const warmUp = Array.from({ length: WARM_UP_CALLS * instances }, () => block(client, 1));
    await Promise.all(warmUp);
    const overheadMs = await measureOverhead(client, service.meanMs);
    const { responses, services, late, seconds } = await offerLoad(client, options);
    const simulatedBy = (choice: Choice): Times => {
      const own = measuredTimes(services, 'measured');
      const perMs = responses.length / (seconds * 1000);
      const { response } = simulate({ rate: perMs, service: own, instances, places, choice, seed, requests });
      return withOverhead(response, overheadMs);
    };
    return {
      ...{ instances, seconds, requests: responses.length, overheadMs },
      lateP99Ms: quantileOf(Float64Array.from(late).sort(), 0.99),
      measured: figuresOf(responses.slice(Math.ceil(responses.length * UNMEASURED_SHARE))),
      simulated: simulatedBy('shortest'),
      central: simulatedBy('central'),
    };
  } finally {
    for (const close of closings.toReversed()) await close();
  }
}

/** @returns how long the handler took. */
function block(client: RpcClient, ms: number): Promise<number> {
  return client.call('block', [ms]) as Promise<number>;
}

async function measureOverhead(client: RpcClient, ms: number): Promise<number> {
  const found: number[] = [];
  for (let call = 0; call < OVERHEAD_CALLS; call += 1) {
    const start = performance.now();
    const serviceMs = await block(client, ms);
    found.push(performance.now() - start - serviceMs);
  }
  return median(found);
}

/** A request is sent when it is due, however many others have no reply yet. */
async function offerLoad(client: RpcClient, { service, rate, seconds, seed }: CheckOptions) {
  const [arrivals, services] = [createRandom(seed, 101), createRandom(seed, 102)];
  const responses: number[] = [];
  const served: number[] = [];
  const late: number[] = [];
  const open: Promise<void>[] = [];
  const start = performance.now();
  let dueMs = 0;
  for (;;) {
    dueMs += (1000 / rate) * exponential(arrivals);
    if (dueMs > seconds * 1000) break;
    await until(start + dueMs);
    const index = late.push(performance.now() - start - dueMs) - 1;
    open.push(answered(index, start + dueMs, service.sample(services)));
  }
  await Promise.all(open);
  return { responses, services: served, late, seconds };

  async function answered(index: number, due: number, ms: number): Promise<void> {
    served[index] = await block(client, ms);
    responses[index] = performance.now() - due;
  }
}

/** Timers are in whole milliseconds, and late: the rest is waited for in turns of the event loop. */
async function until(time: number): Promise<void> {
  const ms = time - performance.now() - TIMER_MS;
  if (ms > 0) await wait(ms);
  while (performance.now() < time) await nextTurn();
}

function figuresOf(times: readonly number[]): { mean: number; p50: number; p99: number } {
  const sorted = Float64Array.from(times).sort();
  const mean = sorted.reduce((sum, each) => sum + each, 0) / sorted.length;
  return { mean, p50: quantileOf(sorted, 0.5), p99: quantileOf(sorted, 0.99) };
}

function withOverhead({ mean, p50, p99 }: Times, ms: number): Times {
  const more = ({ value, plusMinus }: Estimate): Estimate => ({ value: value + ms, plusMinus });
  return { mean: more(mean), p50: more(p50), p99: more(p99) };
}
