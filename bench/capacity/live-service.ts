/** The service times that a running service reports of itself. */
import { askInstances } from '../../src/client/nats/discovery.ts';
import { connectNats, inboxPrefixOf } from '../../src/nats/connect-nats.ts';
import type { NatsLibrary } from '../../src/nats/library.ts';
import { parseTarget } from '../../src/nats/target.ts';
import { missingForNats, natsPackage } from '../nats/cluster.ts';
import { quantileTimes, type ServiceTimes } from './service-times.ts';

/** What each instance answers to `$SRV.STATS`, with the status of its agent in the data of its first endpoint. */
export type StatsAnswer = {
  id: string;
  endpoints?: readonly { data?: { latencyMs?: { count: number; p50: number; p99: number } } | null }[];
};

/** @param address `nats://HOST[:PORT]/NAME`; credentials as for other clients. @throws Error without requests in the last minute */
export async function liveTimes(address: string): Promise<ServiceTimes> {
  const missing = missingForNats();
  if (missing !== undefined) throw new Error(`--service: ${missing}`);
  const { name, ...servers } = parseTarget(address);
  const library = await natsPackage<NatsLibrary>('transport-node');
  const nats = await connectNats(servers, { library, connectionName: 'launchpool bench' });
  const answers: StatsAnswer[] = [];
  try {
    const question = { verb: 'STATS', name, inboxPrefix: inboxPrefixOf() ?? '_INBOX' } as const;
    await askInstances<StatsAnswer>(nats, question, (answer) => answers.push(answer));
  } finally {
    await nats.close();
  }
  return timesOf(answers, name);
}

/** The quantiles of several instances are weighted by their requests. */
export function timesOf(answers: readonly StatsAnswer[], name: string): ServiceTimes {
  if (answers.length === 0) throw new Error(`--service: there is no instance of ${name}`);
  const found = answers
    .map(({ endpoints }) => endpoints?.[0]?.data?.latencyMs)
    .filter((latency) => latency !== undefined && latency.count > 0 && latency.p50 > 0);
  const count = found.reduce((sum, each) => sum + (each?.count ?? 0), 0);
  if (count === 0)
    throw new Error(`--service: ${name} has answered no request in the last minute. Call it, with little load`);
  const mean = (of: 'p50' | 'p99'): number =>
    found.reduce((sum, each) => sum + (each?.[of] ?? 0) * (each?.count ?? 0), 0) / count;
  const [p50, p99] = [mean('p50'), mean('p99')];
  const source = `${name}, ${found.length} of ${answers.length} instances, ${count} requests of the last minute, p50 ${p50.toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`;
  return quantileTimes({ p50, p99 }, source);
}
