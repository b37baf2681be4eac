/**
 * The activator of the embedded holder, for development, examples and tests: holds the sockets, starts the agent on a
 * connection, and again on the first connection after its exit. The agent sees the protocol of systemd, sd_listen_fds(3).
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { controlPathOf, SOCKET_NAMES } from '../../wire/address.ts';
import type { FileReport } from '../../wire/file-report.ts';
import { readLifeline } from '../activation/lifeline.ts';
import { LIFELINE_VARIABLE } from '../activation/lifeline-variable.ts';
import { holdSocket } from './held-socket.ts';

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 10_000;
/** A crash after this uptime counts as the first one, with the shortest backoff. */
const HEALTHY_MS = 10_000;

export type ActivatorOptions = {
  /** Where clients connect. */
  socketPath: string;
  /** @default beside socketPath: X.sock → X.control.sock */
  controlPath?: string;
  /** The agent's program and arguments. The program must check in as a child of systemd does. */
  command: readonly [string, ...string[]];
  /** @default the environment of this process */
  env?: Readonly<Record<string, string | undefined>>;
  /** @default the working directory of this process */
  cwd?: string;
  /**
   * The file for standard output and error, in an existing folder.
   * @default the standard error of this process
   */
  logFile?: string | undefined;
  /**
   * Milliseconds between SIGTERM and SIGKILL.
   * @default 15000
   */
  stopMs?: number;
  /**
   * Whether the sockets and the agent keep this process alive. The agent exits when this process ends, however it ends.
   * @default true
   */
  keepAlive?: boolean;
  /**
   * Whether the agent starts before the first connection, and again after a `restart`.
   * @default false
   */
  startsAtOnce?: boolean;
  /** Called on each event. */
  onEvent?: (event: ActivatorEvent) => void;
  /** Called with files of the agent's module, when the agent reports them. */
  onFiles?: (report: FileReport) => void;
};

export type ActivatorEvent =
  | { event: 'waiting' }
  | { event: 'started'; pid: number }
  | { event: 'left'; pid: number; uptimeMs: number }
  | { event: 'crashed'; pid: number; status: string; backoffMs: number };

export type Activator = {
  /** Sends SIGTERM to a running agent and resets the backoff. The next connection starts a new agent. */
  restart(): void;
  /** Ends the agent, closes the sockets and removes their paths. */
  close(): Promise<void>;
  /** Kills the agent, closes the sockets and removes their paths, synchronously. */
  closeNow(): void;
};

/**
 * Resolves when the sockets listen.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_SOCKET_IN_USE, ERR_LAUNCHPOOL_SOCKET_FAILED
 */
export async function createActivator(options: ActivatorOptions): Promise<Activator> {
  const { socketPath, controlPath = controlPathOf(socketPath), stopMs = 15_000, keepAlive = true } = options;
  const { startsAtOnce = false, onEvent = () => undefined } = options;
  const agentSocket = await holdSocket(socketPath);
  const controlSocket = await holdSocket(controlPath).catch((error: unknown) => {
    agentSocket.close();
    throw error;
  });
  const closing = new AbortController();
  let child: ChildProcess | undefined;
  let crashes = 0;
  /** Ends the backoff after a crash. */
  let restarting = new AbortController();

  /** Ends the wait for a connection. */
  let due = new AbortController();
  if (startsAtOnce) due.abort();

  async function serve(): Promise<void> {
    while (!closing.signal.aborted) {
      onEvent({ event: 'waiting' });
      await waitForNeed();
      await runAgent();
    }
  }

  /** Waits for a connection, or until the agent is to start without one. */
  async function waitForNeed(): Promise<void> {
    try {
      await agentSocket.waitForConnection(AbortSignal.any([closing.signal, due.signal]), keepAlive);
    } catch (error) {
      if (closing.signal.aborted || !due.signal.aborted) throw error;
    } finally {
      due = new AbortController();
    }
  }

  async function runAgent(): Promise<void> {
    const startedAt = performance.now();
    restarting = new AbortController();
    child = startAgent(options, [agentSocket.fd, controlSocket.fd]);
    const pid = child.pid ?? 0;
    onEvent({ event: 'started', pid });
    const status = await exitOf(child);
    child = undefined;
    const uptimeMs = Math.round(performance.now() - startedAt);
    if (status === undefined || restarting.signal.aborted || closing.signal.aborted) {
      crashes = 0;
      onEvent({ event: 'left', pid, uptimeMs });
      return;
    }
    crashes = uptimeMs >= HEALTHY_MS ? 1 : crashes + 1;
    const backoffMs = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (crashes - 1));
    onEvent({ event: 'crashed', pid, status, backoffMs });
    const signal = AbortSignal.any([closing.signal, restarting.signal]);
    await wait(backoffMs, undefined, { signal, ref: keepAlive }).catch(() => {
      closing.signal.throwIfAborted();
      crashes = 0;
    });
  }

  /** Sends SIGTERM, and SIGKILL after `stopMs`. */
  function stopAgent(): void {
    const stopping = child;
    if (stopping === undefined) return;
    // The callers wait for its exit.
    stopping.ref();
    stopping.kill('SIGTERM');
    const late = setTimeout(() => stopping.kill('SIGKILL'), stopMs);
    stopping.once('exit', () => clearTimeout(late));
  }

  function closeSockets(): void {
    agentSocket.close();
    controlSocket.close();
  }

  const served = serve().catch((error: unknown) => {
    if (!closing.signal.aborted) throw error;
  });

  return {
    restart() {
      restarting.abort();
      if (startsAtOnce) due.abort();
      stopAgent();
    },
    async close() {
      closing.abort();
      stopAgent();
      await served;
      closeSockets();
    },
    closeNow() {
      closing.abort();
      child?.kill('SIGKILL');
      closeSockets();
    },
  };
}

/** Starts the agent with the sockets as descriptors 3 and 4 and the lifeline as 5. */
function startAgent(
  { command, env = process.env, cwd, logFile, keepAlive = true, onFiles }: ActivatorOptions,
  fds: readonly number[],
): ChildProcess {
  const [program, ...args] = command;
  const log = logFile === undefined ? undefined : openSync(logFile, 'a', 0o600);
  // LISTEN_PID must be the agent's own id, unknown before the fork; the shell knows it and executes the agent.
  const child = spawn('/bin/sh', ['-c', 'LISTEN_PID=$$ exec "$0" "$@"', program, ...args], {
    // The module's output goes to standard error, since standard output belongs to the holder.
    stdio: ['ignore', log ?? 2, log ?? 2, ...fds, 'pipe'],
    cwd,
    env: {
      ...env,
      LISTEN_FDS: String(fds.length),
      LISTEN_FDNAMES: `${SOCKET_NAMES.systemd.agent}:${SOCKET_NAMES.systemd.control}`,
      [LIFELINE_VARIABLE]: String(3 + fds.length),
    },
  });
  if (log !== undefined) closeSync(log);
  // Without free descriptors there are no streams, and the error event reports it.
  const lifeline = child.stdio?.[3 + fds.length] as Socket | undefined;
  if (lifeline) readLifeline(lifeline, onFiles ?? (() => undefined));
  if (!keepAlive) {
    child.unref();
    lifeline?.unref();
  }
  return child;
}

/** Undefined after exit status 0, otherwise a description of the exit. */
async function exitOf(child: ChildProcess): Promise<string | undefined> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code === 0 ? undefined : signal === null ? `exit status ${code}` : `signal ${signal}`;
  } catch (error) {
    return `not started: ${(error as Error).message}`;
  }
}
