/** Asks a running agent how it is doing, at its control socket. */
import { connectRpc } from '../client/rpc.ts';

/** What it says: `status` in src/agent/agent.ts. */
export type ProcessStatus = {
  pid: number;
  state: 'running' | 'leaving' | 'broken';
  module: string;
  uptimeMs: number;
  /** Until it leaves, if nobody comes; null while somebody is there, and for an agent that stays. */
  leavesInMs: number | null;
  connections: number;
  connectionsServed: number;
  requests: number;
  threads: number;
  memoryBytes: number;
};

/** The main thread answers, whatever the others are doing: an answer that takes longer does not come. */
const LONGEST_MS = 2_000;

/**
 * Only for an agent that has a process: where there is none, the question would start one.
 * @throws ERR_LAUNCHPOOL_CONNECT_FAILED, ERR_LAUNCHPOOL_CALL_TIMEOUT, ERR_LAUNCHPOOL_CONNECTION_CLOSED
 */
export async function askAgent(controlPath: string): Promise<ProcessStatus> {
  const client = await connectRpc(controlPath, { activationMs: 0 });
  try {
    return (await client.call('status', [], { timeoutMs: LONGEST_MS })) as ProcessStatus;
  } finally {
    client.close();
  }
}
