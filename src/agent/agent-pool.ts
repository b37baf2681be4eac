/** The pool of an agent, with the pool's events in the log. */
import type { PlainError } from '../../wire/errors.ts';
import type { Log } from '../log.ts';
import type { Pool } from '../pool/contract.ts';
import type { FirstThread } from '../pool/first-thread.ts';
import { createPool } from '../pool/pool.ts';
import type { AgentOptions } from './options.ts';

export type AgentPoolOptions = {
  first: FirstThread;
  options: AgentOptions;
  log: Log;
  /** See AgentStart. */
  onFiles: ((files: string[]) => void) | undefined;
  /** Called when the module cannot be loaded, perhaps repeatedly. */
  onBroken: (error: PlainError) => void;
  /** Called when every thread that the agent may have is lost: it does not end, and keeps its memory. */
  onAllThreadsLost: () => void;
};

export function createAgentPool({ first, options, log, onFiles, onBroken, onAllThreadsLost }: AgentPoolOptions): Pool {
  return createPool({
    first,
    threads: options.threads,
    minThreads: options.minThreads,
    ...(onFiles === undefined ? {} : { onFiles }),
    onBroken,
    onStrayDeath: (error) => log.error({ err: error }, 'thread-died'),
    recycleRequests: options.recycleRequests,
    recycleMb: options.recycleMb,
    onNotRenewed: (error) => log.warn({ err: error }, 'thread-not-renewed'),
    onLost(lost) {
      log.error({ lost }, 'thread-lost');
      if (lost >= options.threads) onAllThreadsLost();
    },
    ...(options.runTimeoutMs > 0 && { maxUnresponsiveMs: options.runTimeoutMs + options.cancelGraceMs }),
    onUnresponsive: (err) => log.error({ err }, 'thread-unresponsive'),
  });
}
