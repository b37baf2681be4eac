/** How an agent leaves: takes nothing new, finishes what has been begun, and lets nobody wait for ever. */
import { LaunchpoolError } from '../../wire/errors.ts';
import type { Dispatcher } from '../dispatch/dispatcher.ts';
import type { Log } from '../log.ts';
import type { Pool } from '../pool/pool.ts';
import type { Connection } from './connections/connection.ts';
import type { AgentOptions } from './options.ts';

/** How long somebody who has just connected may take to say something, however short `idleMs` is. */
export const FIRST_WORDS_MS = 1_000;
/** How often it is looked whether anything runs still for which nobody waits. */
const CHECK_MS = 20;
/** How long threads that are busy may take to end, when nobody waits for what they do any more. */
const LAST_MS = 2_000;

/** With what exit status the process is to end, and whether there are threads that do not. */
export type Stopped = { status: number; hasThreads: boolean };

export type ShutdownOptions = {
  connections: ReadonlySet<Connection>;
  dispatcher: Pick<Dispatcher, 'requests' | 'abortAll' | 'stop'>;
  pool: Pick<Pool, 'end'>;
  options: Pick<AgentOptions, 'drainMs' | 'cancelGraceMs'>;
  log: Log;
  /** Whether somebody has just connected, and not said anything yet. */
  awaitsFirstWords: () => boolean;
  status: () => number;
  /** Called once, at the beginning. */
  onStart: (reason: string) => void;
};

export type Shutdown = {
  /** Further calls change nothing. */
  shutDown(reason: string): void;
  onConnectionClosed(): void;
  readonly isUnderWay: boolean;
  /** Resolves when nothing is left to do. */
  readonly stopped: Promise<Stopped>;
};

export function createShutdown(shutdownOptions: ShutdownOptions): Shutdown {
  const { connections, dispatcher, pool, options, log, awaitsFirstWords, status, onStart } = shutdownOptions;
  const { promise: stopped, resolve: settleStopped } = Promise.withResolvers<Stopped>();
  let isUnderWay = false;
  let isFinishing = false;
  let drain: NodeJS.Timeout | undefined;

  function closeConnections(): void {
    const awaited = awaitsFirstWords();
    for (const connection of connections) if (!awaited || !connection.hasReceivedNothing) connection.close();
    // What somebody who has just connected has to say may be on its way: closed now, it would be lost.
    if (awaited) setTimeout(setImmediate, FIRST_WORDS_MS, closeAll);
    drain = setTimeout(giveUp, options.drainMs);
    finishIfDone();
  }

  /** At the end of a turn of the event loop: timers come before input, and what has come is read first. */
  function closeAll(): void {
    for (const connection of connections) connection.close();
  }

  /** What those have sent who have gone may be notifications, and runs on. Nothing tells when that is over. */
  function finishIfDone(): void {
    if (connections.size > 0) return;
    if (dispatcher.requests > 0) setTimeout(finishIfDone, CHECK_MS);
    else finish();
  }

  /** Handlers are told to come to an end, and given a little time for it. */
  function giveUp(): void {
    log.warn({ connections: connections.size, requests: dispatcher.requests }, 'drain-timeout');
    dispatcher.abortAll(new LaunchpoolError('ERR_LAUNCHPOOL_CANCELLED', 'the agent has to leave'));
    setTimeout(() => {
      for (const connection of connections) connection.destroy();
      finish();
    }, options.cancelGraceMs);
  }

  /**
   * The control socket is never closed: a question that waits there when this process has gone would start the next
   * one, so it is answered for as long as there is anybody.
   */
  async function finish(): Promise<void> {
    if (isFinishing) return;
    isFinishing = true;
    clearTimeout(drain);
    dispatcher.stop();
    settleStopped({ hasThreads: !(await pool.end(LAST_MS)), status: status() });
  }

  return {
    shutDown(reason) {
      if (isUnderWay) return;
      isUnderWay = true;
      log.info({ reason, connections: connections.size, requests: dispatcher.requests }, 'leaving');
      onStart(reason);
      // Signals come before input in a turn of the event loop: what has come by now is read first.
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
