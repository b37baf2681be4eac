/** The shutdown of an agent: no new connections, then the drain of open requests, then the end of the threads. */
import { LaunchpoolError } from '../../wire/errors.ts';
import type { Dispatcher } from '../dispatch/dispatcher-options.ts';
import type { Log } from '../log.ts';
import type { Pool } from '../pool/pool.ts';
import { CLOSE_NOTICE_MS } from './connections/graceful-close.ts';
import { FIRST_BYTE_MS, type OpenConnections } from './connections/open-connections.ts';
import type { AgentOptions } from './options.ts';

/** Interval of the checks for open requests without a connection. */
const CHECK_MS = 20;
/** The `teardown` of the module has the rest of the drain, and at least this time. */
const MIN_TEARDOWN_MS = 250;
/** Time for busy threads to end. */
const THREADS_END_MS = 2_000;

export type ShutdownOptions = {
  connections: Pick<OpenConnections, 'all' | 'awaitsFirstByte'>;
  dispatcher: Pick<Dispatcher, 'requests' | 'abortAll' | 'settleAll' | 'stop'>;
  pool: Pick<Pool, 'end'>;
  options: Pick<AgentOptions, 'drainMs' | 'cancelGraceMs'>;
  log: Log;
  /** The exit status of the process. */
  status: () => number;
  /** Called once, at the start of the shutdown. */
  onStart: (reason: string) => void;
};

export type Shutdown = {
  /** Further calls have no effect. */
  shutDown(reason: string): void;
  onConnectionClosed(): void;
  readonly isUnderWay: boolean;
  /** Resolves at the end of the shutdown, with the exit status of the process. Threads that do not end may be left. */
  readonly stopped: Promise<number>;
};

export function createShutdown(shutdownOptions: ShutdownOptions): Shutdown {
  const { connections, dispatcher, pool, options, log, status, onStart } = shutdownOptions;
  const { promise: stopped, resolve: settleStopped } = Promise.withResolvers<number>();
  let isUnderWay = false;
  let isFinishing = false;
  let drain: NodeJS.Timeout | undefined;
  let drainEndsAt = 0;

  function closeConnections(): void {
    const awaitsFirstByte = connections.awaitsFirstByte();
    for (const connection of connections.all) {
      if (!awaitsFirstByte || !connection.hasReceivedNothing) connection.close();
    }
    // The first request of a new client may be on its way, and would be lost with the connection.
    if (awaitsFirstByte) setTimeout(setImmediate, FIRST_BYTE_MS, closeAll);
    drain = setTimeout(endDrain, options.drainMs);
    drainEndsAt = performance.now() + options.drainMs;
    finishIfDone();
  }

  /** Runs at the end of a turn of the event loop: timers fire before input is read, and received input counts. */
  function closeAll(): void {
    for (const connection of connections.all) connection.close();
  }

  /** Notifications run on after their connection has closed. No event reports their end, so this polls. */
  function finishIfDone(): void {
    if (connections.all.size > 0) return;
    if (dispatcher.requests > 0) setTimeout(finishIfDone, CHECK_MS);
    else finish();
  }

  /** Aborts all open requests. Those that go on are answered after the grace period. */
  function endDrain(): void {
    log.warn({ connections: connections.all.size, requests: dispatcher.requests }, 'drain-timeout');
    const reason = new LaunchpoolError('ERR_LAUNCHPOOL_CANCELLED', 'the agent shuts down');
    dispatcher.abortAll(reason);
    setTimeout(() => {
      // The connections close behind their last replies. Those of a raw agent have none to wait for.
      dispatcher.settleAll(reason);
      if (dispatcher.requests > 0 || connections.all.size === 0) destroyAll();
      else setTimeout(destroyAll, CLOSE_NOTICE_MS);
    }, options.cancelGraceMs);
  }

  /** For clients that have not read their errors, and have not closed. */
  function destroyAll(): void {
    for (const connection of connections.all) connection.destroy();
    finish();
  }

  /**
   * The control socket stays open until the process exits: under launchd, a question that waits there after the exit
   * would start the next agent.
   */
  async function finish(): Promise<void> {
    if (isFinishing) return;
    isFinishing = true;
    clearTimeout(drain);
    dispatcher.stop();
    await pool.end(THREADS_END_MS, Math.max(MIN_TEARDOWN_MS, drainEndsAt - performance.now()));
    settleStopped(status());
  }

  return {
    shutDown(reason) {
      if (isUnderWay) return;
      isUnderWay = true;
      log.info({ reason, connections: connections.all.size, requests: dispatcher.requests }, 'shutdown');
      onStart(reason);
      // Signals come before input in a turn of the event loop; received input is read first.
      setImmediate(closeConnections);
    },
    onConnectionClosed() {
      if (isUnderWay) finishIfDone();
    },
    get isUnderWay() {
      return isUnderWay;
    },
    stopped,
  };
}
