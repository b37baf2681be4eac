/** The running agent: connects its rooms, and shuts them down in order. */
import type { Socket } from 'node:net';
import { ERROR_CODES, factsOf, LaunchpoolError, type PlainError, toPlain } from '../../wire/errors.ts';
import type { ModuleFacts } from '../../workers/task.ts';
import { createDispatcher } from '../dispatch/dispatcher.ts';
import { createGate } from '../gate/gate.ts';
import { createPeerCheck } from '../gate/peer-check.ts';
import { UNKNOWN_PATH_HINT } from '../gate/socket-safety.ts';
import { createBrokenPool } from '../pool/broken-pool.ts';
import { createAgentPool } from './agent-pool.ts';
import type { Agent, AgentStart } from './agent-types.ts';
import { createAcceptor } from './connections/acceptor.ts';
import { type Listener, listen } from './connections/listener.ts';
import { createOpenConnections } from './connections/open-connections.ts';
import { createRejections } from './connections/rejections.ts';
import { createControl } from './control.ts';
import { createAnswers } from './control-answers.ts';
import { createIdle } from './idle.ts';
import { createRecovery } from './recovery.ts';
import { createReload } from './reload.ts';
import { createShutdown } from './shutdown.ts';
import { createStatus } from './status.ts';

/** Time for a broken agent to send its error to all waiting clients. */
const BROKEN_IDLE_MS = 1_000;
const NOT_LOADED = ERROR_CODES.ERR_LAUNCHPOOL_MODULE_NOT_LOADED;

/**
 * Resolves when the agent can be told to shut down, and answers at its control socket.
 * @throws ERR_LAUNCHPOOL_SUPERVISOR_INVALID
 */
export async function startAgent(start: AgentStart): Promise<Agent> {
  const { options, sockets, renamed, log, facts, readFacts, onFiles, onShutdown } = start;
  const startedAt = Date.now();
  const connections = createOpenConnections();
  const rejections = createRejections(log);
  const peerCheck = await createPeerCheck({ ...options, sockets, renamed, onRejected: rejections.report });
  if (peerCheck.unchecked.length > 0)
    log.warn({ sockets: peerCheck.unchecked, hint: UNKNOWN_PATH_HINT }, 'socket-unchecked');
  const first = start.first instanceof LaunchpoolError ? start.first : (peerCheck.unsafe ?? start.first);
  let listener: Listener | undefined;
  let broken: PlainError | undefined;
  /** Whether the main thread knows what the module says of its methods. */
  let isKnown = facts !== undefined;
  /** Whether clients are read although no thread could tell the kind of the module. */
  let isKindLate = false;

  const pool =
    first instanceof LaunchpoolError
      ? createBrokenPool(first, facts?.kind)
      : createAgentPool({
          first,
          options,
          facts,
          readFacts,
          log,
          onFiles,
          onImported,
          onBroken,
          onAllThreadsLost: () => shutdown.shutDown('all threads are lost'),
        });
  const dispatcher = createDispatcher(pool, {
    ...options,
    // A thread that a debugger has paused answers nothing, and stays.
    ...(options.inspect && { cancelGraceMs: Number.POSITIVE_INFINITY }),
    methodOptions: facts?.methodOptions,
    onBlocked: (blocked) => log.warn(blocked, 'thread-replaced'),
  });
  const gate = await createGate(options);
  const idle = createIdle({
    idleMs: options.idleMs,
    minUptimeMs: options.minUptimeMs ?? 0,
    isBusy,
    onIdle: () => shutdown.shutDown('idle'),
  });
  const shutdown = createShutdown({
    connections,
    dispatcher,
    pool,
    options,
    log,
    status: () => (broken === undefined ? 0 : (factsOf(broken.code) ?? NOT_LOADED).exit),
    onStart(reason) {
      onShutdown?.(reason);
      idle.stop();
      recovery.stop();
      listener?.close();
    },
  });
  const acceptor = createAcceptor({
    connections,
    peerCheck,
    gate,
    dispatcher,
    maxFrameBytes: options.maxFrameBytes,
    maxBytes: options.maxBytes,
    isRpc: () => pool.kind !== 'raw',
    onActivity: idle.touch,
    onRejected: rejections.report,
    onClose: shutdown.onConnectionClosed,
    log,
  });

  /** A quiet client keeps the agent running only with `keepQuietClients`. */
  function isBusy(): boolean {
    if (dispatcher.requests > 0 || pool.isLoading) return true;
    if (options.keepQuietClients) return connections.all.size > 0;
    return connections.awaitsFirstByte() || connections.isProgressing();
  }

  function onBroken(error: PlainError): void {
    if (broken === undefined) log.error({ error }, 'module-broken');
    broken = error;
    idle.shorten(BROKEN_IDLE_MS);
    if (!(first instanceof LaunchpoolError)) recovery.start();
  }

  function onReloaded({ methodOptions }: ModuleFacts): void {
    dispatcher.setMethodOptions(methodOptions);
    recovery.reset();
    if (broken === undefined) return;
    broken = undefined;
    idle.restore();
  }

  function onImported({ kind, methodOptions }: ModuleFacts): void {
    // A later version counts when it serves: onReloaded().
    if (!isKnown) dispatcher.setMethodOptions(methodOptions);
    isKnown = true;
    // Clients that connected while the kind was unknown got the replies of an RPC agent. The next agent serves them.
    if (isKindLate && kind === 'raw') shutdown.shutDown('the module is a raw agent');
  }

  const status = createStatus({
    startedAt,
    options,
    connections,
    rejections,
    acceptor,
    dispatcher,
    pool,
    idle,
    shutdown,
    broken: () => broken,
  });
  const { reload, recover } = createReload({
    options,
    pool,
    refusalReason() {
      if (shutdown.isUnderWay) return 'the agent is shutting down';
      return first instanceof LaunchpoolError ? first.message : undefined;
    },
    isBroken: () => broken !== undefined,
    onReloaded,
    log,
  });
  const recovery = createRecovery({ load: recover, isBroken: () => broken !== undefined });
  /** Runs an empty task, which loads the module. Another path reports a thread that ends while it loads. */
  const loaded = async (): Promise<void> => {
    if (!pool.hasLoaded) await pool.run(null).catch(() => undefined);
  };
  const control = createControl(createAnswers({ status, loaded, shutDown: shutdown.shutDown, reload, log }));
  const onMissed = rejections.report;
  await listen(sockets.control, { onSocket: peerCheck.guard('control', control), onMissed });

  async function listenToClients(): Promise<boolean> {
    if (pool.kind === undefined) {
      // The kind decides the form of every reply: no client is read before it is known.
      void loaded();
      await Promise.race([pool.kindKnown, shutdown.stopped]);
    }
    if (shutdown.isUnderWay) return false;
    isKindLate = pool.kind === undefined;
    listener = await listen(sockets.agent, { onSocket: peerCheck.guard('agent', acceptor.accept), onMissed });
    if (shutdown.isUnderWay) {
      listener.close();
      return false;
    }
    if (first instanceof LaunchpoolError) onBroken(toPlain(first));
    // On a slow machine, the start may take longer than --idle.
    idle.touch();
    // A debugger attaches before the first request.
    if (options.inspect !== undefined) void loaded();
    log.info({ module: options.moduleUrl, idleMs: options.idleMs, threads: options.threads }, 'listening');
    return true;
  }
  const listening = listenToClients();

  /** Clients that wait in the kernel are read when the kind is known, at the latest after the time to load the module. */
  async function shutDownOrphaned(reason: string): Promise<void> {
    await listening.catch(() => undefined);
    await listener?.drain();
    shutdown.shutDown(reason);
  }

  function accept(socket: Socket): void {
    if (shutdown.isUnderWay) socket.destroy();
    else acceptor.accept(socket);
  }

  const places = (): number => Math.max(0, options.threads * options.concurrency - dispatcher.requests);
  const { shutDown, stopped } = shutdown;
  const settleIn = pool.fill;
  return {
    ...{ listening, settleIn, shutDown, shutDownOrphaned, stopped, reload, load: loaded, accept, status, places },
    get isBroken() {
      return broken !== undefined;
    },
  };
}
