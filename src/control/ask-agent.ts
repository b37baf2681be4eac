/** Asks a running agent how it is doing, at its control socket. */
import type { AgentStatus } from '../agent/status.ts';
import { connectRpc } from '../client/rpc.ts';

/** What it says: `status` in src/agent/status.ts. An agent of an earlier version says less. */
export type ProcessStatus = Pick<
  AgentStatus,
  | 'pid'
  | 'state'
  | 'module'
  | 'uptimeMs'
  | 'leavesInMs'
  | 'connections'
  | 'connectionsServed'
  | 'requests'
  | 'threads'
  | 'memoryBytes'
> &
  Partial<AgentStatus>;

/** The main thread answers, whatever the others are doing, once the agent has started. */
const ANSWER_MS = 2_000;

/**
 * Only for an agent that has a process: where there is none, the question would start one.
 * @throws ERR_LAUNCHPOOL_CONNECT_FAILED, ERR_LAUNCHPOOL_CALL_TIMEOUT, ERR_LAUNCHPOOL_CONNECTION_CLOSED
 */
export async function askAgent(controlPath: string, timeoutMs: number = ANSWER_MS): Promise<ProcessStatus> {
  const client = await connectRpc(controlPath, { activationMs: 0 });
  try {
    return (await client.call('status', [], { timeoutMs: timeoutMs })) as ProcessStatus;
  } finally {
    client.close();
  }
}
