/** All that an agent says of itself: the answer to `status`, and what its metrics are made of. */
import { fileURLToPath } from 'node:url';
import type { PlainError } from '../../wire/errors.ts';
import type { DispatcherCounts } from '../dispatch/dispatcher.ts';
import type { LatencyFigures } from '../dispatch/latency.ts';
import { packageVersion } from '../version.ts';
import type { Utilisation } from './utilisation.ts';

/** Since the start of the agent. */
export type Counters = DispatcherCounts & {
  /** Connections that were not let in. */
  turnedAway: number;
  /** Connections that were given up: frames that did not get on, replies that nobody read. */
  dropped: number;
};

export type AgentStatus = {
  pid: number;
  state: 'running' | 'broken' | 'leaving';
  /** Path of the module. */
  module: string;
  /** The version of an installed agent; null for another one. */
  hash: string | null;
  versions: { launchpool: string; node: string };
  uptimeMs: number;
  /** Until it leaves, if nothing more happens; null while something is under way, or if it never leaves by itself. */
  leavesInMs: number | null;
  connections: number;
  connectionsServed: number;
  /** Requests that have been read and have no outcome. */
  requests: number;
  /** How many of these no thread has begun. */
  waiting: number;
  threads: number;
  utilisation: Utilisation[];
  /** How many threads have been started in the place of others. */
  restarts: number;
  latencyMs: LatencyFigures;
  counters: Counters;
  /** Of the whole process, as the system counts it. */
  memoryBytes: number;
  /** Of the main thread. */
  heapBytes: number;
  broken?: PlainError;
};

export type StatusSources = {
  moduleUrl: () => string;
  now: () => Pick<AgentStatus, 'state' | 'uptimeMs' | 'leavesInMs' | 'connections' | 'connectionsServed' | 'requests'> &
    Pick<AgentStatus, 'waiting' | 'threads' | 'restarts' | 'broken'>;
  utilisation: (asker: object) => Utilisation[];
  latency: () => LatencyFigures;
  counts: () => DispatcherCounts;
  /** By the reason. */
  turnedAway: () => Readonly<Record<string, number>>;
  dropped: () => Readonly<Record<string, number>>;
};

/** @param asker see utilisation.ts. */
export function createStatus(sources: StatusSources): (asker: object) => AgentStatus {
  return (asker) => {
    const { state, ...now } = sources.now();
    const url = sources.moduleUrl();
    // An agent that was started in a wrong way has none.
    const module = url === '' ? '' : fileURLToPath(url);
    return {
      pid: process.pid,
      state,
      module,
      hash: hashOf(module),
      versions: { launchpool: packageVersion(), node: process.versions.node },
      ...now,
      utilisation: sources.utilisation(asker),
      latencyMs: sources.latency(),
      counters: { ...sources.counts(), turnedAway: sum(sources.turnedAway()), dropped: sum(sources.dropped()) },
      memoryBytes: process.memoryUsage.rss(),
      heapBytes: process.memoryUsage().heapUsed,
    };
  };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, each) => all + each, 0);
}

/** An installed module is in a folder that is named by what is in it: src/install/version-folder.ts. */
function hashOf(module: string): string | null {
  return /\/versions\/([0-9a-f]{20})\//.exec(module)?.[1] ?? null;
}
