/** The client of a control socket. It never starts an agent: callers connect only when the agent has a process. */
import { resolve } from 'node:path';
import { controlPathOf } from '../../wire/address.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { AgentStatus } from '../agent/status.ts';
import { connectRpc } from '../client/rpc.ts';
import { labelOfTarget } from '../installed/labels.ts';
import { type HostOptions, placeOf } from '../installed/place.ts';
import { mustBeInstalled } from '../installed/record.ts';

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

export type ControlCall = HostOptions & {
  /** A label, or the path of a socket. */
  target: string;
  /** A method of the control socket, such as `reload`. */
  method: string;
  params?: readonly unknown[];
};

/**
 * Calls a control method of an agent that has a process.
 * @throws ERR_LAUNCHPOOL_CONNECT_FAILED if the agent has no process, ERR_LAUNCHPOOL_NOT_INSTALLED,
 * ERR_LAUNCHPOOL_ADDRESS_INVALID, or the agent's error
 */
export async function callControl({ target, method, params = [], ...options }: ControlCall): Promise<unknown> {
  const client = await connectControl(await controlPathOfRunning(target, options));
  try {
    await client.call('ping', [], CONTROL_TIMEOUTS.reply).catch((error) => {
      throw error.code === 'ERR_LAUNCHPOOL_CALL_TIMEOUT' ? noProcess(target, error) : error;
    });
    // A reload takes as long as the module, which the agent limits: --load-timeout.
    return await client.call(method, params);
  } finally {
    client.close();
  }
}

async function controlPathOfRunning(target: string, options: HostOptions): Promise<string> {
  const label = labelOfTarget(target, options);
  // The embedded holder, which holds such a socket, starts no agent for a control connection.
  if (label === undefined) return controlPathOf(resolve(target));
  const { supervisor, host, layout } = placeOf({ label, ...options });
  mustBeInstalled(label, host);
  const { state } = await supervisor.status(label);
  if (state !== 'running') throw noProcess(label);
  return layout.sockets.control;
}

function noProcess(target: string, cause?: unknown): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_CONNECT_FAILED',
    `${target} has no process, and a control call does not start one`,
    { cause, hint: 'The next call to the agent starts a process.' },
  );
}
