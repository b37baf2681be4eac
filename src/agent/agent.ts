/** The running agent: joins the rooms, and leaves in order. */
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { ERROR_CODES, factsOf, LaunchpoolError, type PlainError, toPlain } from '../../wire/errors.ts';
import { createDispatcher } from '../dispatch/dispatcher.ts';
import { createGate } from '../gate/gate.ts';
import type { Log } from '../log.ts';
import { createBrokenPool } from '../pool/broken-pool.ts';
import type { FirstThread } from '../pool/first-thread.ts';
import { createPool } from '../pool/pool.ts';
import { type Connection, createConnection } from './connection.ts';
import { answerControl } from './control.ts';
import { createIdle } from './idle.ts';
import { type Listener, listen } from './listener.ts';
import type { AgentOptions } from './options.ts';

/** How long somebody who has just connected may take to say something, however short `idleMs` is. */
const FIRST_WORDS_MS = 1_000;
/** An agent whose module cannot be loaded stays just long enough to tell everybody who waits. */
const BROKEN_IDLE_MS = 1_000;

export type AgentStart = {
  options: AgentOptions;
  /** Descriptors that are bound and listen: for requests, and for questions about the agent itself. */
  sockets: { agent: readonly number[]; control: readonly number[] };
  log: Log;
  /** Called with the files that the module consists of, in development. */
  onFiles?: (files: string[]) => void;
  /** Called once, when the agent begins to leave. */
  onLeaving?: (reason: string) => void;
  /** The first thread, or why this agent cannot work: who waits must hear of it, or would be waited for for ever. */
  first: FirstThread | LaunchpoolError;
};

export type Agent = {
  /** Does what nobody has to wait for: starts the other threads that there shall be at least. */
  settleIn(): void;
  /** Takes no new connection, finishes what runs within `drainMs`, and goes. Further calls change nothing. */
  leave(reason: string): void;
  /** Resolves when nothing is left to do, with the exit status. */
  readonly left: Promise<number>;
};

/**
 * Resolves when the agent listens.
 * @throws ERR_LAUNCHPOOL_SUPERVISOR_INVALID
 */
export async function startAgent({ options, sockets, log, onFiles, onLeaving, first }: AgentStart): Promise<Agent> {
  const startedAt = Date.now();
  const connections = new Set<Connection>();
  let listener: Listener | undefined;
  const { promise: left, resolve: settleLeft } = Promise.withResolvers<number>();
  let leaving: string | undefined;
  let broken: PlainError | undefined;
  let served = 0;

  const pool =
    first instanceof LaunchpoolError
      ? createBrokenPool(first)
      : createPool({
          first,
          threads: options.threads,
          minThreads: options.minThreads,
          ...(onFiles === undefined ? {} : { onFiles }),
          onBroken,
          onStrayDeath: (error) => log.error({ err: error }, 'thread-died'),
        });
  const dispatcher = createDispatcher(pool);
  const gate = await createGate(options);
  const idle = createIdle({
    idleMs: options.idleMs,
    minUptimeMs: options.minUptimeMs ?? 0,
    isBusy: () => dispatcher.requests > 0 || (options.keepQuietClients ? connections.size > 0 : awaitsFirstWords()),
    onIdle: () => leave('idle'),
  });
  let acceptedAt = 0;

  /** Between its connect() and its first request a client may be held up for longer than a short `idleMs`. */
  function awaitsFirstWords(): boolean {
    if (performance.now() - acceptedAt >= FIRST_WORDS_MS) return false;
    for (const { isSilent } of connections) if (isSilent) return true;
    return false;
  }

  function onBroken(error: PlainError): void {
    if (broken === undefined) log.error({ error }, 'broken');
    broken = error;
    idle.shorten(BROKEN_IDLE_MS);
  }

  function onSocket(socket: Socket): void {
    idle.touch();
    acceptedAt = performance.now();
    served += 1;
    const connection = createConnection({
      socket,
      gate,
      dispatcher,
      maxFrameBytes: options.maxFrameBytes,
      onActivity: idle.touch,
      onClose: () => {
        connections.delete(connection);
        if (leaving !== undefined && connections.size === 0) finish();
      },
      log,
    });
    connections.add(connection);
  }

  function leave(reason: string): void {
    if (leaving !== undefined) return;
    leaving = reason;
    onLeaving?.(reason);
    log.info({ reason, connections: connections.size, requests: dispatcher.requests }, 'leaving');
    idle.stop();
    listener?.close();
    for (const connection of connections) connection.close();
    if (connections.size === 0) finish();
    else setTimeout(giveUp, options.drainMs);
  }

  function giveUp(): void {
    log.warn({ connections: connections.size, requests: dispatcher.requests }, 'drain-timeout');
    for (const connection of connections) connection.destroy();
    finish();
  }

  /**
   * The control socket is never closed: a question that waits there when this process has gone would start the next
   * one, so it is answered for as long as there is anybody.
   */
  function finish(): void {
    dispatcher.stop();
    settleLeft(broken === undefined ? 0 : (factsOf(broken.code) ?? ERROR_CODES.ERR_LAUNCHPOOL_MODULE_NOT_LOADED).exit);
  }

  const status = (): Record<string, unknown> => ({
    pid: process.pid,
    module: fileURLToPath(options.moduleUrl),
    state: leaving === undefined ? (broken === undefined ? 'running' : 'broken') : 'leaving',
    uptimeMs: Date.now() - startedAt,
    leavesInMs: leaving === undefined ? (idle.leftMs ?? null) : 0,
    connections: connections.size,
    connectionsServed: served,
    requests: dispatcher.requests,
    threads: pool.threads,
    memoryBytes: process.memoryUsage.rss(),
    ...(broken === undefined ? {} : { broken }),
  });
  /** As status, but when a thread has loaded the module, or has failed to. */
  const ready = async (): Promise<Record<string, unknown>> => {
    // A task for nothing but that. A thread that ends while it loads is told of elsewhere.
    await pool.run(null).catch(() => undefined);
    return status();
  };
  const answers = { ping: () => 'pong', status, ready };
  await listen(sockets.control, (socket) => answerControl(socket, answers));
  listener = await listen(sockets.agent, onSocket);
  if (first instanceof LaunchpoolError) onBroken(toPlain(first));
  // On a slow machine, getting here may have taken longer than --idle.
  idle.touch();
  log.info({ module: options.moduleUrl, idleMs: options.idleMs, threads: options.threads }, 'listening');
  return { settleIn: pool.fill, leave, left };
}
