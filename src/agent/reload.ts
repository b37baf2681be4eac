/** Reload: replaces the agent's module by the one at its path now, without a failed request. */
import { fileURLToPath } from 'node:url';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { Log } from '../log.ts';
import type { FirstThread } from '../pool/first-thread.ts';
import type { Pool } from '../pool/pool.ts';
import { moduleUrlOf } from './module-url.ts';
import type { AgentOptions } from './options.ts';

export type Reloaded = {
  /** The path of the new module. */
  module: string;
  kind: 'raw' | 'rpc';
  methods: readonly string[];
};

export type ReloadOptions = {
  /** A reload sets `moduleUrl`. */
  options: AgentOptions;
  /** Undefined for a broken agent. */
  first: FirstThread | undefined;
  pool: Pick<Pool, 'kind' | 'reload'>;
  /** The reason to refuse a reload; undefined to allow it. */
  refusalReason: () => string | undefined;
  log: Log;
};

/**
 * Returns the function that reloads. It resolves links in the path again; an installed agent's path has one.
 * @throws ERR_LAUNCHPOOL_RELOAD_FAILED when the module does not load or has another kind; the old module stays.
 */
export function createReload({ options, first, pool, refusalReason, log }: ReloadOptions): () => Promise<Reloaded> {
  let last: Promise<unknown> = Promise.resolve();

  async function reload(): Promise<Reloaded> {
    const reason = refusalReason();
    if (reason !== undefined || first === undefined) throw refused(reason ?? 'the agent has no working module');
    const moduleUrl = moduleUrlOf(options.modulePath ?? options.moduleUrl);
    const { inspectModule } = await import('../pool/inspect-module.ts');
    const { kind, methods } = await inspectModule(moduleUrl, first);
    if (pool.kind !== undefined && pool.kind !== kind) {
      throw refused(`${moduleUrl} is ${named(kind)}, while the clients use ${named(pool.kind)}`);
    }
    await pool.reload(moduleUrl);
    options.moduleUrl = moduleUrl;
    log.info({ module: moduleUrl, kind }, 'reloaded');
    return { module: fileURLToPath(moduleUrl), kind, methods };
  }

  async function fail(cause: unknown): Promise<never> {
    const isRefused = cause instanceof LaunchpoolError && cause.code === 'ERR_LAUNCHPOOL_RELOAD_FAILED';
    const error = isRefused ? cause : refused((cause as Error).message, cause);
    log.error({ err: error }, 'reload-failed');
    throw error;
  }

  return () => {
    // Reloads run one after another, so the last one wins.
    const done = last.then(reload).catch(fail);
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
    hint: 'Correct the module and reload again; the previous module stays in use.',
  });
}
