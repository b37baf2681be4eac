/** The pool of an agent, with the pool's events in the log. */

import type { PlainError } from '../../wire/errors.ts';
import type { FileReport } from '../../wire/file-report.ts';
import type { ModuleFacts } from '../../workers/task.ts';
import type { Log } from '../log.ts';
import type { Pool } from '../pool/contract.ts';
import type { FirstThread } from '../pool/first-thread.ts';
import { createPool } from '../pool/pool.ts';
import { inspectorText } from './inspector-text.ts';
import { createMethodsCheck } from './methods-check.ts';
import type { AgentOptions } from './options.ts';

/** For threads that a debugger may pause: some 23 days, which a timer of Node can hold. */
const UNLIMITED_MS = 2_000_000_000;

export type AgentPoolOptions = {
  first: FirstThread;
  options: AgentOptions;
  /** What the module must offer, if that is known. */
  facts: ModuleFacts | undefined;
  /** Reads what another module must offer. */
  readFacts: (moduleUrl: string) => ModuleFacts | undefined;
  log: Log;
  /** See AgentStart. */
  onFiles: ((report: FileReport) => void) | undefined;
  /** Called for each thread that has imported the module. */
  onImported: (facts: ModuleFacts) => void;
  /** Called when the module cannot be loaded, perhaps repeatedly. */
  onBroken: (error: PlainError) => void;
  /** Called when every thread that the agent may have is lost: it does not end, and keeps its memory. */
  onAllThreadsLost: () => void;
};

export function createAgentPool({
  first,
  options,
  facts,
  readFacts,
  log,
  onFiles,
  onImported,
  onBroken,
  onAllThreadsLost,
}: AgentPoolOptions): Pool {
  const compareMethods = createMethodsCheck(options.moduleUrl, facts, readFacts, log);

  return createPool({
    first,
    threads: options.threads,
    minThreads: options.minThreads,
    loadTimeoutMs: options.inspect === undefined ? options.loadTimeoutMs : UNLIMITED_MS,
    ...(onFiles === undefined ? {} : { onFiles }),
    onImported(imported, moduleUrl) {
      compareMethods(imported, moduleUrl);
      onImported(imported);
    },
    onBroken,
    onNotLoaded: (error) => log.warn({ error }, 'thread-not-loaded'),
    onLog: ({ level, fields, text }) => log.ofModule(level, fields, text),
    onTeardownFailed: (error) => log.error({ error }, 'teardown-failed'),
    onStrayDeath: (error) => log.error({ err: error }, 'thread-died'),
    recycleRequests: options.recycleRequests,
    recycleMb: options.recycleMb,
    onNotRenewed: (error) => log.warn({ err: error }, 'thread-not-renewed'),
    drainMs: options.drainMs,
    onRetired: (thread, orphans) => log.warn({ thread, orphans }, 'thread-retired'),
    onRetirementOver: (thread, others) => log.warn({ thread, others }, 'thread-replaced'),
    onLost(lost) {
      log.error({ lost }, 'thread-lost');
      if (lost >= options.threads) onAllThreadsLost();
    },
    ...(options.runTimeoutMs > 0 && { maxUnresponsiveMs: options.runTimeoutMs + options.cancelGraceMs }),
    ...(options.inspect && { maxUnresponsiveMs: UNLIMITED_MS }),
    onInspector: (inspector) => log.info(inspectorText(inspector)),
    onUnresponsive: (err) => log.error({ err }, 'thread-unresponsive'),
  });
}
