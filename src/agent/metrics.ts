/** The status of an agent as metrics, in the text format of Prometheus. */
import type { AgentStatus } from './status.ts';

type Sample = { value: number; labels?: Record<string, string | number> };
type Metric = { name: string; help: string; type?: 'counter' | 'gauge'; samples: readonly Sample[] };

/** https://prometheus.io/docs/instrumenting/exposition_formats/. The first call loads the library. */
export async function metricsText(status: AgentStatus): Promise<string> {
  // The bundle has only the default export.
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
  const { done, turnedAway, dropped, orphaned, ...early } = counters;
  const one = (value: number): Sample[] => [{ value }];
  const states = ['running', 'broken', 'leaving'] as const;
  const info = { version: versions.launchpool, node: versions.node, module, hash: hash ?? '' };
  return [
    { name: 'info', help: 'Version and module of the agent, as labels.', samples: [{ value: 1, labels: info }] },
    {
      name: 'state',
      help: '1 for the current state of the agent, 0 for the others.',
      samples: states.map((state) => ({ value: Number(state === status.state), labels: { state } })),
    },
    { name: 'uptime_seconds', help: 'Time since the start of the agent.', samples: one(status.uptimeMs / 1000) },
    { name: 'connections', help: 'Open connections.', samples: one(status.connections) },
    {
      name: 'connections_total',
      help: 'Accepted connections.',
      type: 'counter',
      samples: one(status.connectionsServed),
    },
    {
      name: 'connections_turned_away_total',
      help: 'Rejected connections.',
      type: 'counter',
      samples: one(turnedAway),
    },
    {
      name: 'connections_dropped_total',
      help: 'Connections closed because of a slow client: a slow frame, or unread replies.',
      type: 'counter',
      samples: one(dropped),
    },
    {
      name: 'requests_under_way',
      help: 'Open requests: received, without an outcome.',
      samples: one(status.requests),
    },
    {
      name: 'held_bytes',
      help: 'Memory of requests, of replies, and of frames that have arrived in part.',
      samples: one(status.bytes),
    },
    { name: 'requests_total', help: 'Requests with an outcome.', type: 'counter', samples: one(done) },
    {
      name: 'requests_given_up_total',
      help: 'Requests that did not run to completion, by reason.',
      type: 'counter',
      samples: Object.entries(early).map(([name, value]) => ({ value, labels: { reason: snakeCase(name) } })),
    },
    {
      name: 'requests_orphaned_total',
      help: 'Requests that went on after their cancellation for longer than the grace period.',
      type: 'counter',
      samples: one(orphaned),
    },
    {
      name: 'request_duration_seconds',
      help: 'Time from the arrival of a request to its outcome, over about the last minute; quantile 1 is the maximum.',
      samples: [
        { value: latencyMs.p50 / 1000, labels: { quantile: '0.5' } },
        { value: latencyMs.p99 / 1000, labels: { quantile: '0.99' } },
        { value: latencyMs.max / 1000, labels: { quantile: '1' } },
      ],
    },
    { name: 'threads', help: 'Worker threads.', samples: one(status.threads) },
    {
      name: 'thread_utilisation',
      help: 'Share of the time since its start that a thread was busy, from 0 to 1.',
      samples: utilisation.map(({ thread, sinceStart }) => ({ value: sinceStart, labels: { thread } })),
    },
    {
      name: 'thread_restarts_total',
      help: 'Threads started to replace others.',
      type: 'counter',
      samples: one(status.restarts),
    },
    { name: 'resident_memory_bytes', help: 'Resident memory of the process.', samples: one(status.memoryBytes) },
    { name: 'heap_bytes', help: 'Used heap of the main thread.', samples: one(status.heapBytes) },
  ];
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
