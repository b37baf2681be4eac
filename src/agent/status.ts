/** The status of an agent: the answer to `status`, and the source of its metrics. */
import { fileURLToPath } from 'node:url';
import type { PlainError } from '../../wire/errors.ts';
import type { AgentKind } from '../../workers/task.ts';
import type { Dispatcher, DispatcherCounts } from '../dispatch/dispatcher-options.ts';
import type { LatencyFigures } from '../dispatch/latency.ts';
import type { Pool } from '../pool/contract.ts';
import { packageVersion } from '../version.ts';
import type { Acceptor } from './connections/acceptor.ts';
import type { OpenConnections } from './connections/open-connections.ts';
import type { Rejections } from './connections/rejections.ts';
import type { Idle } from './idle.ts';
import type { AgentOptions } from './options.ts';
import type { Shutdown } from './shutdown.ts';
import { createUtilisation, type Utilisation } from './utilisation.ts';

/** Counted since the start of the agent. */
export type Counters = DispatcherCounts & {
  /** Rejected connections. */
  turnedAway: number;
  /** Connections that were closed because of a slow client. */
  dropped: number;
};

export type AgentStatus = {
  pid: number;
  state: 'running' | 'broken' | 'leaving';
  /** Path of the module. */
  module: string;
  /** The kind of the module; null until it is known. */
  kind: AgentKind | null;
  /** The version of an installed agent; null for another agent. */
  hash: string | null;
  versions: { launchpool: string; node: string };
  uptimeMs: number;
  /** Time until the idle shutdown; null while the agent is busy, and without such a shutdown. */
  leavesInMs: number | null;
  connections: number;
  connectionsServed: number;
  /** Open requests: received, without an outcome. */
  requests: number;
  /** The memory that `--max-bytes` bounds: of requests, of replies, and of frames that have arrived in part. */
  bytes: number;
  /** Open requests that no thread has started. */
  waiting: number;
  threads: number;
  utilisation: Utilisation[];
  /** Threads that were started to replace others. */
  restarts: number;
  latencyMs: LatencyFigures;
  counters: Counters;
  /** Resident memory of the process. */
  memoryBytes: number;
  /** Used heap of the main thread. */
  heapBytes: number;
  broken?: PlainError;
};

export type StatusSources = {
  /** The time of the agent's start, in milliseconds since 1970. */
  startedAt: number;
  options: Pick<AgentOptions, 'moduleUrl'>;
  connections: Pick<OpenConnections, 'all' | 'accepted'>;
  rejections: Pick<Rejections, 'counts'>;
  acceptor: Pick<Acceptor, 'slowClients'>;
  dispatcher: Pick<Dispatcher, 'requests' | 'bytes' | 'waiting' | 'counts' | 'latency'>;
  pool: Pick<Pool, 'kind' | 'threads' | 'workers' | 'restarts'>;
  idle: Pick<Idle, 'leftMs'>;
  shutdown: Pick<Shutdown, 'isUnderWay'>;
  broken: () => PlainError | undefined;
};

/** Returns the function that takes the status. @param asker see utilisation.ts. */
export function createStatus(sources: StatusSources): (asker: object) => AgentStatus {
  const { options, connections, rejections, acceptor, dispatcher, pool, idle, shutdown } = sources;
  const utilisation = createUtilisation(() => pool.workers);
  return (asker) => {
    // An agent with invalid arguments has no module.
    const module = options.moduleUrl === '' ? '' : fileURLToPath(options.moduleUrl);
    const broken = sources.broken();
    return {
      pid: process.pid,
      state: !shutdown.isUnderWay ? (broken === undefined ? 'running' : 'broken') : 'leaving',
      module,
      kind: pool.kind ?? null,
      hash: hashOf(module),
      versions: { launchpool: packageVersion(), node: process.versions.node },
      uptimeMs: Date.now() - sources.startedAt,
      leavesInMs: !shutdown.isUnderWay ? (idle.leftMs ?? null) : 0,
      connections: connections.all.size,
      connectionsServed: connections.accepted,
      requests: dispatcher.requests,
      bytes: dispatcher.bytes,
      waiting: dispatcher.waiting,
      threads: pool.threads,
      restarts: pool.restarts,
      ...(broken === undefined ? {} : { broken }),
      utilisation: utilisation(asker),
      latencyMs: dispatcher.latency.read(),
      counters: { ...dispatcher.counts, turnedAway: sum(rejections.counts), dropped: sum(acceptor.slowClients) },
      memoryBytes: process.memoryUsage.rss(),
      heapBytes: process.memoryUsage().heapUsed,
    };
  };
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, each) => all + each, 0);
}

/** The folder of an installed module is named by the hash of its contents: src/install/version-folder.ts. */
function hashOf(module: string): string | null {
  return /\/versions\/([0-9a-f]{20})\//.exec(module)?.[1] ?? null;
}
