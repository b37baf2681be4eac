/** The figures that `launchpool top` shows of an agent, derived from one or two observations. */
import type { Observation } from '../../control/observe.ts';

export type Figures = {
  name: string;
  state: string;
  detail?: string | undefined;
  pid?: number;
  /** The time until the idle exit if no request comes; null when the agent does not exit. */
  leavesInMs?: number | null;
  /** Completed requests per second since the previous observation; undefined for the first one. */
  perSecond?: number | undefined;
  underWay?: number;
  waiting?: number | undefined;
  p50Ms?: number | undefined;
  p99Ms?: number | undefined;
  /** The utilisation of each thread since the previous observation, from 0 to 1. */
  utilisation?: readonly number[];
  memoryBytes?: number;
  restarts?: number | undefined;
};

/** @param before the previous observation of the same agent. */
export function figuresOf(
  name: string,
  { state, detail, process }: Observation,
  before: Observation | undefined,
): Figures {
  if (process === undefined) return { name, state, ...(detail === undefined ? {} : { detail }) };
  const { latencyMs, utilisation = [] } = process;
  // Without requests, the percentiles are undefined.
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

/** Uses the agent's own clock. Undefined after a change of the process, whose counters start at zero. */
function rateOf(now: Process, before: Process | undefined): number | undefined {
  if (before?.counters === undefined || now.counters === undefined || before.pid !== now.pid) return undefined;
  const ms = now.uptimeMs - before.uptimeMs;
  return ms <= 0 ? undefined : ((now.counters.done - before.counters.done) * 1000) / ms;
}
