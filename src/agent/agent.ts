/** The running agent: joins the rooms, and leaves in order. */
import type { Socket } from 'node:net';
import { ERROR_CODES, factsOf, LaunchpoolError, type PlainError, toPlain } from '../../wire/errors.ts';
import { createDispatcher } from '../dispatch/dispatcher.ts';
import { createGate } from '../gate/gate.ts';
import { createPeerCheck } from '../gate/peer-check.ts';
import type { Log } from '../log.ts';
import { createBrokenPool } from '../pool/broken-pool.ts';
import type { FirstThread } from '../pool/first-thread.ts';
import { createPool } from '../pool/pool.ts';
import { type Connection, createConnection } from './connections/connection.ts';
import { createConnectionChecks } from './connections/connection-checks.ts';
import { createConnectionLimit } from './connections/connection-limit.ts';
import { createHalfClosed } from './connections/half-closed.ts';
import { type Listener, listen } from './connections/listener.ts';
import { createRejections } from './connections/rejections.ts';
import { createControl } from './control.ts';
import { createAnswers } from './control-answers.ts';
import { createIdle } from './idle.ts';
import type { AgentOptions } from './options.ts';
import { createReload, type Reloaded } from './reload.ts';
import { createShutdown, FIRST_WORDS_MS, type Stopped } from './shutdown.ts';
import { createStatus } from './status.ts';
import { createUtilisation } from './utilisation.ts';

/** An agent whose module cannot be loaded stays just long enough to tell everybody who waits. */
const BROKEN_IDLE_MS = 1_000;
const NOT_LOADED = ERROR_CODES.ERR_LAUNCHPOOL_MODULE_NOT_LOADED;

export type AgentStart = {
  options: AgentOptions;
  /** Descriptors that are bound and listen: for requests, and for questions about the agent itself. */
  sockets: { agent: readonly number[]; control: readonly number[] };
  log: Log;
  /** Called with the files that the module consists of, in development. */
  onFiles?: (files: string[]) => void;
  /** Called once, when the agent begins to leave. */
  onShutdown?: (reason: string) => void;
  /** The first thread, or why this agent cannot work: who waits must hear of it, or would be waited for for ever. */
  first: FirstThread | LaunchpoolError;
};

export type Agent = {
  /** Does what nobody has to wait for: starts the other threads that there shall be at least. */
  settleIn(): void;
  /** Takes no new connection, finishes what runs within `drainMs`, and goes. Further calls change nothing. */
  shutDown(reason: string): void;
  /** Resolves when nothing is left to do. */
  readonly stopped: Promise<Stopped>;
  /** See reload.ts. */
  reload(): Promise<Reloaded>;
};

/**
 * Resolves when the agent listens.
 * @throws ERR_LAUNCHPOOL_SUPERVISOR_INVALID
 */
export async function startAgent({ options, sockets, log, onFiles, onShutdown, ...start }: AgentStart): Promise<Agent> {
  const startedAt = Date.now();
  const connections = new Set<Connection>();
  let listener: Listener | undefined;
  let broken: PlainError | undefined;
  let served = 0;
  const rejections = createRejections(log);
  const peerCheck = await createPeerCheck({ ...options, sockets, onRejected: rejections.tell });
  const first = start.first instanceof LaunchpoolError ? start.first : (peerCheck.unsafe ?? start.first);

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
          recycleRequests: options.recycleRequests,
          recycleMb: options.recycleMb,
          onNotRenewed: (error) => log.warn({ err: error }, 'thread-not-renewed'),
          onLost,
          ...(options.runTimeoutMs > 0 && { maxUnresponsiveMs: options.runTimeoutMs + options.cancelGraceMs }),
          onUnresponsive: (err) => log.error({ err }, 'thread-silent'),
        });
  const dispatcher = createDispatcher(pool, options);
  const gate = await createGate(options);
  const idle = createIdle({
    idleMs: options.idleMs,
    minUptimeMs: options.minUptimeMs ?? 0,
    isBusy: () =>
      dispatcher.requests > 0 ||
      (options.keepQuietClients ? connections.size > 0 : awaitsFirstWords() || isProgressing()),
    onIdle: () => shutdown.shutDown('idle'),
  });
  let acceptedAt = 0;
  const connectionLimit = createConnectionLimit({
    max: peerCheck.maxConnections,
    connections: () => connections.size,
    unauthenticated: () => gate?.unauthenticated ?? 0,
    speaks: () => gate === undefined && pool.kind === 'rpc',
    onRejected: rejections.tell,
  });
  const halfClosed = createHalfClosed(peerCheck.isGone);
  const connectionChecks = createConnectionChecks({
    connections,
    onLost: (_connection, lost) => log.warn({ reason: lost }, 'dropped'),
  });

  const shutdown = createShutdown({
    connections,
    dispatcher,
    pool,
    options,
    log,
    awaitsFirstWords,
    status: () => (broken === undefined ? 0 : (factsOf(broken.code) ?? NOT_LOADED).exit),
    onStart(reason) {
      onShutdown?.(reason);
      idle.stop();
      listener?.close();
    },
  });

  /** Between its connect() and its first request a client may be held up for longer than a short `idleMs`. */
  function awaitsFirstWords(): boolean {
    if (performance.now() - acceptedAt >= FIRST_WORDS_MS) return false;
    for (const { hasReceivedNothing } of connections) if (hasReceivedNothing) return true;
    return false;
  }

  function isProgressing(): boolean {
    for (const connection of connections) if (connection.isProgressing) return true;
    return false;
  }

  function onBroken(error: PlainError): void {
    if (broken === undefined) log.error({ error }, 'broken');
    broken = error;
    idle.shorten(BROKEN_IDLE_MS);
  }

  /** Threads that do not end keep memory, and this process from ending; another one has neither. */
  function onLost(lost: number): void {
    log.error({ lost }, 'thread-does-not-end');
    if (lost >= options.threads) shutdown.shutDown('threads that do not end');
  }

  function onSocket(socket: Socket): void {
    if (!connectionLimit.admit(socket)) return;
    idle.touch();
    acceptedAt = performance.now();
    served += 1;
    const connection = createConnection({
      socket,
      gate,
      dispatcher,
      maxFrameBytes: options.maxFrameBytes,
      onActivity: idle.touch,
      onRejected: rejections.tell,
      onHalfClosed: halfClosed.add,
      onClose: () => {
        connections.delete(connection);
        shutdown.onConnectionClosed();
      },
      log,
    });
    connections.add(connection);
    connectionChecks.start();
  }

  const status = createStatus({
    moduleUrl: () => options.moduleUrl,
    now: () => ({
      state: !shutdown.isUnderWay ? (broken === undefined ? 'running' : 'broken') : 'leaving',
      uptimeMs: Date.now() - startedAt,
      leavesInMs: !shutdown.isUnderWay ? (idle.leftMs ?? null) : 0,
      connections: connections.size,
      connectionsServed: served,
      requests: dispatcher.requests,
      waiting: dispatcher.waiting,
      threads: pool.threads,
      restarts: pool.restarts,
      ...(broken === undefined ? {} : { broken }),
    }),
    utilisation: createUtilisation(() => pool.workers),
    latency: dispatcher.latency.read,
    counts: () => dispatcher.counts,
    turnedAway: () => rejections.counts,
    dropped: () => connectionChecks.counts,
  });
  const reload = createReload({
    options,
    first: first instanceof LaunchpoolError ? undefined : first,
    pool,
    whyNot: () =>
      shutdown.isUnderWay ? 'the agent is leaving' : broken && 'the agent leaves, as its module is broken',
    log,
  });
  // A task for nothing but that. A thread that ends while it loads is told of elsewhere.
  const loaded = async (): Promise<void> => {
    if (pool.kind === undefined) await pool.run(null).catch(() => undefined);
  };
  const control = createControl(createAnswers({ status, loaded, leave: shutdown.shutDown, reload, log }));
  await listen(sockets.control, { onSocket: peerCheck.guard('control', control), onMissed: rejections.tell });
  listener = await listen(sockets.agent, { onSocket: peerCheck.guard('agent', onSocket), onMissed: rejections.tell });
  if (first instanceof LaunchpoolError) onBroken(toPlain(first));
  // On a slow machine, getting here may have taken longer than --idle.
  idle.touch();
  log.info({ module: options.moduleUrl, idleMs: options.idleMs, threads: options.threads }, 'listening');
  return { settleIn: pool.fill, shutDown: shutdown.shutDown, stopped: shutdown.stopped, reload };
}
