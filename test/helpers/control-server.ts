/** A control socket with the answers of a test: for its clients, an agent. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { type Answers, type ControlLimits, createControl } from '../../src/agent/control.ts';
import type { AgentStatus } from '../../src/agent/status.ts';
import { tempDir } from './temp-dir.ts';

export type ControlServer = {
  /** The path of the agent's socket. No process listens there. */
  socketPath: string;
  controlPath: string;
};

export async function serveControl(
  t: ExecutionContext,
  answers: Answers,
  limits?: ControlLimits,
): Promise<ControlServer> {
  const socketPath = join(await tempDir(t), 'a.sock');
  const controlPath = socketPath.replace(/\.sock$/, '.control.sock');
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, createControl(answers, limits));
  server.listen(controlPath);
  t.teardown(() => server.close());
  await once(server, 'listening');
  return { socketPath, controlPath };
}

/** The status of a busy agent. */
export function statusOf(overrides: Partial<AgentStatus> = {}): AgentStatus {
  return {
    pid: 4711,
    state: 'running',
    module: '/home/u/agent.ts',
    kind: 'rpc',
    hash: null,
    versions: { launchpool: '0.1.0', node: '26.0.0' },
    uptimeMs: 10_000,
    leavesInMs: 42_000,
    connections: 3,
    connectionsServed: 5,
    requests: 7,
    bytes: 4_096,
    waiting: 4,
    threads: 2,
    utilisation: [
      { thread: 1, sinceLast: 0, sinceStart: 0.25 },
      { thread: 2, sinceLast: 1, sinceStart: 0.5 },
    ],
    restarts: 1,
    latencyMs: { count: 100, p50: 0.25, p99: 12.5, max: 2_000 },
    counters: {
      done: 1_000,
      refused: 6,
      cancelled: 2,
      queueTimeouts: 3,
      runTimeouts: 4,
      abandoned: 5,
      orphaned: 7,
      turnedAway: 8,
      dropped: 9,
    },
    memoryBytes: 64 * 1024 ** 2,
    heapBytes: 8 * 1024 ** 2,
    ...overrides,
  };
}
