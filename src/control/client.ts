/** The client of a control socket. It never starts an agent: callers connect only when the agent has a process. */
import type { AgentStatus } from '../agent/status.ts';
import { connectRpc } from '../client/rpc.ts';

/** Milliseconds. The main thread of an agent replies, whatever its worker threads do. */
export const CONTROL_TIMEOUTS = {
  /** For a reply of an agent that has started. */
  reply: 2_000,
  /** For a reply, and for a connection, right after the start of the agent. */
  afterStart: 5_000,
  /** For a reply that is late already, while other agents wait for their turn. */
  lateReply: 50,
} as const;

/** The result of `status`: src/agent/status.ts. An agent of an earlier version lacks some of the optional fields. */
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

/** Without a timeout, a request waits until the connection closes. */
export type ControlClient = {
  /** @throws ERR_LAUNCHPOOL_CALL_TIMEOUT, ERR_LAUNCHPOOL_CONNECTION_CLOSED */
  status(timeoutMs?: number): Promise<ProcessStatus>;
  /** The status as soon as a thread has loaded the module, or has failed to load it. Throws as status() does. */
  ready(timeoutMs?: number): Promise<ProcessStatus>;
  /** Calls any other method. Throws as status() does, or the agent's error. */
  call(method: string, params: readonly unknown[], timeoutMs?: number): Promise<unknown>;
  readonly closed: boolean;
  close(): void;
};

/**
 * @param connectMs how long to retry while the socket does not accept, in milliseconds.
 * @throws ERR_LAUNCHPOOL_CONNECT_FAILED
 */
export async function connectControl(controlPath: string, connectMs = 0): Promise<ControlClient> {
  const client = await connectRpc(controlPath, { activationMs: connectMs });
  return {
    status: (timeoutMs) => client.call('status', [], { timeoutMs }) as Promise<ProcessStatus>,
    ready: (timeoutMs) => client.call('ready', [], { timeoutMs }) as Promise<ProcessStatus>,
    call: (method, params, timeoutMs) => client.call(method, params, { timeoutMs }),
    get closed() {
      return client.closed;
    },
    close: client.close,
  };
}

/**
 * Reads the status of an agent that has a process. A supervisor starts an agent without one.
 * @throws ERR_LAUNCHPOOL_CONNECT_FAILED, ERR_LAUNCHPOOL_CALL_TIMEOUT, ERR_LAUNCHPOOL_CONNECTION_CLOSED
 */
export async function requestStatus(
  controlPath: string,
  timeoutMs: number = CONTROL_TIMEOUTS.reply,
): Promise<ProcessStatus> {
  const client = await connectControl(controlPath);
  try {
    return await client.status(timeoutMs);
  } finally {
    client.close();
  }
}
