/** Reload: replaces the agent's module by the one at its path now, without a failed request. */
import { fileURLToPath } from 'node:url';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { Log } from '../log.ts';
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
  options: Pick<AgentOptions, 'moduleUrl' | 'modulePath'>;
  pool: Pick<Pool, 'reload'>;
  /** The reason to refuse a reload; undefined to allow it. */
  refusalReason: () => string | undefined;
  /** Called after a reload. */
  onReloaded: (reloaded: Reloaded) => void;
  log: Log;
};

/**
 * Returns the function that reloads. It resolves links in the path again; an installed agent's path has one. It loads a
 * broken module too.
 * @throws ERR_LAUNCHPOOL_RELOAD_FAILED when the module does not load or has another kind; the old module stays.
 */
export function createReload(reloadOptions: ReloadOptions): () => Promise<Reloaded> {
  const { options, pool, refusalReason, onReloaded, log } = reloadOptions;
  let last: Promise<unknown> = Promise.resolve();

  async function reload(): Promise<Reloaded> {
    const reason = refusalReason();
    if (reason !== undefined) throw refused(reason);
    const moduleUrl = moduleUrlOf(options.modulePath ?? options.moduleUrl);
    const { kind, methods } = await pool.reload(moduleUrl);
    options.moduleUrl = moduleUrl;
    log.info({ module: moduleUrl, kind }, 'reloaded');
    const reloaded = { module: fileURLToPath(moduleUrl), kind, methods };
    onReloaded(reloaded);
    return reloaded;
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

function refused(message: string, cause?: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_RELOAD_FAILED', `not reloaded: ${message}`, {
    cause,
    hint: 'Correct the module and reload again; the previous module stays in use.',
  });
}
