/** Compares the simulation with real instances: a NATS server, threads that sleep, and Poisson arrivals by launchpool's client. */
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { connectRpc, type RpcClient } from '../../src/client/rpc.ts';
import { median } from '../measure.ts';
import { missingForNats, openConnection, startInstance, startNatsServer } from '../nats/cluster.ts';
import { createRandom, exponential } from './random.ts';
import { measuredTimes, quantileOf, type ServiceTimes } from './service-times.ts';
import { type Choice, type Estimate, type Figures, figuresOf, replay, simulate, type Times } from './simulate.ts';

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
  /** How late one request in a hundred was sent at least, because the machine was busy with something else. */
  lateP99Ms: number;
  /** Whether the machine had so much other work that the measured times say little. */
  isDisturbed: boolean;
  /** From the sending of a request to its reply, in milliseconds. */
  measured: Figures;
  /** The same requests, sent at the same time, with the service times that the handlers have measured. */
  replayed: { client: Figures; central: Figures };
  /** As many Poisson arrivals with these service times, each to the instance that the client chooses. */
  simulated: Times;
};

const NAME = 'capacity';
const OVERHEAD_CALLS = 100;
const MIN_REQUESTS = 20;
/** Calls to each instance before anything is measured: the first ones load the module in each thread. */
const WARM_UP_CALLS = 50;
/** The queues fill during the first requests, which do not count. */
const UNMEASURED_SHARE = 0.1;
/** Where what is not simulated takes more than this part of the service time, another process has taken the processors. */
const DISTURBED_PART = 10;
/** A timer may be late by so much. */
const TIMER_MS = 2;

/** @throws Error without nats-server and the packages of NATS, or for a load that the instances cannot serve. */
export async function checkCluster(options: CheckOptions): Promise<Checked> {
  const { service, rate, places, instances, seconds, seed, requests } = options;
  const missing = missingForNats();
  if (missing !== undefined) throw new Error(`--check: ${missing}`);
  const busy = (rate / 1000) * service.meanMs;
  if (busy >= instances * places) {
    throw new Error(`--instances ${instances}: ${instances * places} places cannot serve a load of ${busy.toFixed(1)}`);
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
    const load = await offerLoad(client, options);
    const unmeasured = Math.ceil(load.arrivals.length * UNMEASURED_SHARE);
    const replayed = (choice: Choice): Figures => {
      const { mean, p50, p99 } = replay({ ...load, unmeasured }, { instances, places, choice, seed });
      return { mean: mean + overheadMs, p50: p50 + overheadMs, p99: p99 + overheadMs };
    };
    const own = measuredTimes(load.services, 'measured');
    const perMs = load.arrivals.length / (seconds * 1000);
    const { response } = simulate({
      ...{ rate: perMs, service: own, instances, places, choice: 'client', seed, requests },
    });
    const lateP99Ms = quantileOf(Float64Array.from(load.late).sort(), 0.99);
    return {
      ...{ instances, seconds, requests: load.arrivals.length, overheadMs, lateP99Ms },
      isDisturbed: Math.max(overheadMs, lateP99Ms) > service.meanMs / DISTURBED_PART,
      measured: figuresOf(Float64Array.from(load.responses.slice(unmeasured))),
      replayed: { client: replayed('client'), central: replayed('central') },
      simulated: withOverhead(response, overheadMs),
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
  const [gaps, times] = [createRandom(seed, 101), createRandom(seed, 102)];
  const load = { arrivals: [] as number[], services: [] as number[], responses: [] as number[], late: [] as number[] };
  const open: Promise<void>[] = [];
  const start = performance.now();
  const send = async (index: number, ms: number): Promise<void> => {
    const sent = performance.now();
    load.arrivals[index] = sent;
    load.services[index] = await block(client, ms);
    load.responses[index] = performance.now() - sent;
  };
  let due = start;
  for (let index = 0; ; index += 1) {
    due += (1000 / rate) * exponential(gaps);
    if (due > start + seconds * 1000) break;
    await until(due);
    load.late.push(performance.now() - due);
    open.push(send(index, service.sample(times)));
  }
  await Promise.all(open);
  if (open.length < MIN_REQUESTS)
    throw new Error(`--check: only ${open.length} requests in ${seconds} s. Give more --seconds`);
  return load;
}

/** Timers are in whole milliseconds, and late: the rest is waited for in turns of the event loop. */
async function until(time: number): Promise<void> {
  const ms = time - performance.now() - TIMER_MS;
  if (ms > 0) await wait(ms);
  while (performance.now() < time) await nextTurn();
}

function withOverhead({ mean, p50, p99 }: Times, ms: number): Times {
  const more = ({ value, plusMinus }: Estimate): Estimate => ({ value: value + ms, plusMinus });
  return { mean: more(mean), p50: more(p50), p99: more(p99) };
}
