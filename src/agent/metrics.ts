/** What an agent says of itself, as text in the form of Prometheus. */
import type { AgentStatus } from './status.ts';

type Sample = { value: number; labels?: Record<string, string | number> };
type Metric = { name: string; help: string; type?: 'counter' | 'gauge'; samples: readonly Sample[] };

/** https://prometheus.io/docs/instrumenting/exposition_formats/: the library is loaded by the first question. */
export async function metricsText(status: AgentStatus): Promise<string> {
  // As a default export, which it has in a bundle too.
  const {
    default: { Counter, Gauge, Registry },
  } = await import('prom-client');
  const registry = new Registry();
  for (const { name, help, type = 'gauge', samples } of metricsOf(status)) {
    const labelNames = Object.keys(samples[0]?.labels ?? {});
    const config = { name: `launchpool_${name}`, help, labelNames, registers: [registry] };
    const metric = type === 'gauge' ? new Gauge(config) : new Counter(config);
    for (const { value, labels = {} } of samples) metric.inc(labels, value);
  }
  return registry.metrics();
}

function metricsOf(status: AgentStatus): Metric[] {
  const { module, hash, versions, latencyMs, counters, utilisation } = status;
  const { done, turnedAway, dropped, ...early } = counters;
  const one = (value: number): Sample[] => [{ value }];
  const states = ['running', 'broken', 'leaving'] as const;
  const info = { version: versions.launchpool, node: versions.node, module, hash: hash ?? '' };
  return [
    { name: 'info', help: 'Which agent this is.', samples: [{ value: 1, labels: info }] },
    {
      name: 'state',
      help: '1 for the state that the agent is in.',
      samples: states.map((state) => ({ value: Number(state === status.state), labels: { state } })),
    },
    { name: 'uptime_seconds', help: 'Since the start of the agent.', samples: one(status.uptimeMs / 1000) },
    { name: 'connections', help: 'Connections that are open.', samples: one(status.connections) },
    {
      name: 'connections_total',
      help: 'Connections that have been accepted.',
      type: 'counter',
      samples: one(status.connectionsServed),
    },
    {
      name: 'connections_turned_away_total',
      help: 'Connections that were not let in.',
      type: 'counter',
      samples: one(turnedAway),
    },
    {
      name: 'connections_dropped_total',
      help: 'Connections that were given up: frames that did not get on, replies that nobody read.',
      type: 'counter',
      samples: one(dropped),
    },
    {
      name: 'requests_under_way',
      help: 'Requests that have been read and have no outcome.',
      samples: one(status.requests),
    },
    { name: 'requests_total', help: 'Requests that have an outcome.', type: 'counter', samples: one(done) },
    {
      name: 'requests_given_up_total',
      help: 'Requests that were not run to their end, by the reason.',
      type: 'counter',
      samples: Object.entries(early).map(([name, value]) => ({ value, labels: { reason: snakeCase(name) } })),
    },
    {
      name: 'request_duration_seconds',
      help: 'From the coming of a request to its outcome, over about the last minute; 1 is the longest.',
      samples: [
        { value: latencyMs.p50 / 1000, labels: { quantile: '0.5' } },
        { value: latencyMs.p99 / 1000, labels: { quantile: '0.99' } },
        { value: latencyMs.max / 1000, labels: { quantile: '1' } },
      ],
    },
    { name: 'threads', help: 'Worker threads.', samples: one(status.threads) },
    {
      name: 'thread_utilisation',
      help: 'How much of the time since its start a thread was at work, from 0 to 1.',
      samples: utilisation.map(({ thread, sinceStart }) => ({ value: sinceStart, labels: { thread } })),
    },
    {
      name: 'thread_restarts_total',
      help: 'Threads that were started in the place of others.',
      type: 'counter',
      samples: one(status.restarts),
    },
    { name: 'resident_memory_bytes', help: 'Memory of the process.', samples: one(status.memoryBytes) },
    { name: 'heap_bytes', help: 'Heap of the main thread that is in use.', samples: one(status.heapBytes) },
  ];
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
