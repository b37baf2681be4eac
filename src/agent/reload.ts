/** Swaps the agent's module for what stands at its path now. No request fails of it. */
import { fileURLToPath } from 'node:url';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { Log } from '../log.ts';
import type { FirstThread } from '../pool/first-thread.ts';
import type { Pool } from '../pool/pool.ts';
import { moduleUrlOf } from './module-url.ts';
import type { AgentOptions } from './options.ts';

export type Reloaded = {
  /** Path of the module that answers from now on. */
  module: string;
  kind: 'raw' | 'rpc';
  methods: readonly string[];
};

export type ReloadOptions = {
  /** `moduleUrl` changes with the module. */
  options: AgentOptions;
  /** An agent that cannot work has none. */
  first: FirstThread | undefined;
  pool: Pick<Pool, 'kind' | 'reload'>;
  /** Why it is of no use to reload. */
  whyNot: () => string | undefined;
  log: Log;
};

/**
 * Returns what reloads. A path that goes through a link, as that of an installed agent does, is followed again.
 * @throws ERR_LAUNCHPOOL_RELOAD_FAILED when the module does not load or is of another kind; the old one goes on
 */
export function createReload({ options, first, pool, whyNot, log }: ReloadOptions): () => Promise<Reloaded> {
  let last: Promise<unknown> = Promise.resolve();

  async function reload(): Promise<Reloaded> {
    const reason = whyNot();
    if (reason !== undefined || first === undefined) throw refused(reason ?? 'the agent cannot work');
    const moduleUrl = moduleUrlOf(options.modulePath ?? options.moduleUrl);
    const { inspectModule } = await import('../pool/inspect-module.ts');
    const { kind, methods } = await inspectModule(moduleUrl, first);
    if (pool.kind !== undefined && pool.kind !== kind) {
      throw refused(`${moduleUrl} is ${named(kind)}, and the clients speak to ${named(pool.kind)}`);
    }
    await pool.reload(moduleUrl);
    options.moduleUrl = moduleUrl;
    log.info({ module: moduleUrl, kind }, 'reloaded');
    return { module: fileURLToPath(moduleUrl), kind, methods };
  }

  async function tell(cause: unknown): Promise<never> {
    const isRefused = cause instanceof LaunchpoolError && cause.code === 'ERR_LAUNCHPOOL_RELOAD_FAILED';
    const error = isRefused ? cause : refused((cause as Error).message, cause);
    log.error({ err: error }, 'not-reloaded');
    throw error;
  }

  return () => {
    // One after the other, so that what was there last is there at last.
    const done = last.then(reload).catch(tell);
    last = done.catch(() => undefined);
    return done;
  };
}

function named(kind: 'raw' | 'rpc'): string {
  return kind === 'raw' ? 'a raw agent' : 'an RPC agent';
}

function refused(message: string, cause?: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_RELOAD_FAILED', `not reloaded: ${message}`, {
    cause,
    hint: 'The module that was there before goes on.',
  });
}
