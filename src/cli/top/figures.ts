/** What is shown of an agent: what it says of itself, and what follows from two of its answers. */
import type { Observation } from '../../control/observe.ts';

export type Figures = {
  name: string;
  state: string;
  detail?: string | undefined;
  pid?: number;
  /** Until the agent leaves, if nothing more happens; null if it does not. */
  leavesInMs?: number | null;
  /** Requests that had an outcome, a second, since the look before; undefined at the first. */
  perSecond?: number | undefined;
  underWay?: number;
  waiting?: number | undefined;
  p50Ms?: number | undefined;
  p99Ms?: number | undefined;
  /** Of each thread since the look before, from 0 to 1. */
  utilisation?: readonly number[];
  memoryBytes?: number;
  restarts?: number | undefined;
};

/** @param before the look before this one, at the same agent. */
export function figuresOf(
  name: string,
  { state, detail, process }: Observation,
  before: Observation | undefined,
): Figures {
  if (process === undefined) return { name, state, ...(detail === undefined ? {} : { detail }) };
  const { latencyMs, utilisation = [] } = process;
  // Of nothing, there is no median.
  const isMeasured = latencyMs !== undefined && latencyMs.count > 0;
  return {
    name,
    state: process.state,
    pid: process.pid,
    leavesInMs: process.leavesInMs,
    perSecond: rateOf(process, before?.process),
    underWay: process.requests,
    waiting: process.waiting,
    p50Ms: isMeasured ? latencyMs.p50 : undefined,
    p99Ms: isMeasured ? latencyMs.p99 : undefined,
    utilisation: utilisation.map(({ sinceLast }) => sinceLast),
    memoryBytes: process.memoryBytes,
    restarts: process.restarts,
  };
}

type Process = NonNullable<Observation['process']>;

/** By the agent's own clock. Another process begins to count anew. */
function rateOf(now: Process, before: Process | undefined): number | undefined {
  if (before?.counters === undefined || now.counters === undefined || before.pid !== now.pid) return undefined;
  const ms = now.uptimeMs - before.uptimeMs;
  return ms <= 0 ? undefined : ((now.counters.done - before.counters.done) * 1000) / ms;
}
