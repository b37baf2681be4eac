/** Reload: replaces the agent's module by the one at its path now, without a failed request. */
import { fileURLToPath } from 'node:url';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { ModuleFacts } from '../../workers/task.ts';
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
  /** Whether the module is broken. */
  isBroken: () => boolean;
  /** Called after a reload, and after a recovery, with what the module offers. */
  onReloaded: (facts: ModuleFacts) => void;
  log: Log;
};

export type Reload = {
  /**
   * Resolves links in the path again; an installed agent's path has one. Loads a broken module too.
   * @throws ERR_LAUNCHPOOL_RELOAD_FAILED when the module does not load or has another kind; the old module stays.
   */
  reload(): Promise<Reloaded>;
  /**
   * Loads the present module again if it is broken when its turn comes. A reload ends the attempt.
   * @throws the error of the module
   */
  recover(): Promise<void>;
};

export function createReload(reloadOptions: ReloadOptions): Reload {
  const { options, pool, refusalReason, isBroken, onReloaded, log } = reloadOptions;
  /** The module may take long to fail again. */
  let untilReload = new AbortController();
  let last: Promise<unknown> = Promise.resolve();

  async function reload(): Promise<Reloaded> {
    const reason = refusalReason();
    if (reason !== undefined) throw refused(reason);
    const moduleUrl = moduleUrlOf(options.modulePath ?? options.moduleUrl);
    const facts = await pool.reload(moduleUrl);
    const { kind, methods } = facts;
    options.moduleUrl = moduleUrl;
    log.info({ module: moduleUrl, kind }, 'reloaded');
    onReloaded(facts);
    return { module: fileURLToPath(moduleUrl), kind, methods };
  }

  async function fail(cause: unknown): Promise<never> {
    const isRefused = cause instanceof LaunchpoolError && cause.code === 'ERR_LAUNCHPOOL_RELOAD_FAILED';
    const error = isRefused ? cause : refused((cause as Error).message, cause);
    log.error({ err: error }, 'reload-failed');
    throw error;
  }

  /** Reloads run one after another, so the last one wins. */
  function inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const done = last.then(act);
    last = done.catch(() => undefined);
    return done;
  }

  return {
    reload() {
      untilReload.abort(new Error('the agent was told to reload'));
      untilReload = new AbortController();
      return inTurn(() => reload().catch(fail));
    },
    recover() {
      const { signal } = untilReload;
      return inTurn(async () => {
        if (!isBroken()) return;
        onReloaded(await pool.reload(options.moduleUrl, signal));
      });
    },
  };
}

function refused(message: string, cause?: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_RELOAD_FAILED', `not reloaded: ${message}`, {
    cause,
    hint: 'Correct the module and reload again; the previous module stays in use.',
  });
}
