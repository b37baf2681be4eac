/** Observes the instances of a service on NATS by what `$SRV.STATS` answers, and computes their figures. */
import { askInstances } from '../../client/nats/discovery.ts';
import { inboxPrefixOf } from '../../client/nats/nats-service.ts';
import { connectTo } from '../../client/nats/open-nats-session.ts';
import type { ProcessStatus } from '../../control/client.ts';
import type { Observation } from '../../control/observe.ts';
import { type Figures, figuresOf } from './figures.ts';
import type { ObservedAgents } from './observed-agents.ts';

/** https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-32.md */
type ServiceStats = {
  name: string;
  id: string;
  /** `data` of an instance of launchpool is the status of its process. */
  endpoints?: readonly { data?: unknown }[];
};

/** @throws what a client of the service throws when it connects */
export async function observeInstances(target: string): Promise<ObservedAgents> {
  const { nats, name } = await connectTo(target, {});
  let previous = new Map<string, Observation>();
  return {
    async next() {
      const current = new Map<string, Observation>();
      const question = { verb: 'STATS', name, inboxPrefix: inboxPrefixOf(nats) } as const;
      await askInstances<ServiceStats>(nats, question, (stats) => current.set(stats.id, observationOf(stats)));
      const before = previous;
      previous = current;
      return [...current]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([id, observation]): Figures => figuresOf(`${name} ${id}`, observation, before.get(id)));
    },
    close: () => void nats.close(),
  };
}

function observationOf({ endpoints = [] }: ServiceStats): Observation {
  const process = endpoints.map(({ data }) => data).find(isProcessStatus);
  return process === undefined
    ? { state: 'unknown', detail: 'is no instance of launchpool' }
    : { state: 'running', process };
}

function isProcessStatus(data: unknown): data is ProcessStatus {
  const { pid, state, requests } = Object(data) as Partial<ProcessStatus>;
  return typeof pid === 'number' && typeof state === 'string' && typeof requests === 'number';
}
