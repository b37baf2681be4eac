/** Loads the agent's module and says what it offers. Knows nothing of frames. */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { LaunchpoolError, toPlain } from '../wire/errors.ts';

export type RawHandler = (message: Uint8Array) => unknown;
export type Method = (...params: unknown[]) => unknown;

/** A module is of one kind: what a frame means is never guessed. */
export type Handlers =
  | { kind: 'raw'; handle: RawHandler; borrows: boolean }
  | { kind: 'rpc'; methods: ReadonlyMap<string, Method> };

/** Exports that are never methods: a caller's `await` looks for `then`, the others are launchpool's own. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(['default', 'then', 'setup', 'teardown', 'longMessages']);

/**
 * Imports the module and runs its `setup` export, if there is one, to the end.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED, ERR_LAUNCHPOOL_MODULE_NO_EXPORTS, ERR_LAUNCHPOOL_MODULE_BOTH_KINDS
 */
export async function loadHandlers(moduleUrl: string): Promise<Handlers> {
  let what = 'cannot be loaded';
  try {
    const { namespace } = await importWrapped(moduleUrl);
    const exported = exportsOf(moduleUrl, namespace);
    const handlers = readHandlers(moduleUrl, exported);
    const { setup } = exported;
    what = 'failed in its setup()';
    if (typeof setup === 'function') await setup();
    return handlers;
  } catch (cause) {
    if (cause instanceof LaunchpoolError && String(cause.code).startsWith('ERR_LAUNCHPOOL_MODULE_')) throw cause;
    throw notLoaded(moduleUrl, what, cause);
  }
}

/** Decides what a module's exports make of it. */
export function readHandlers(moduleUrl: string, exported: Readonly<Record<string, unknown>>): Handlers {
  const raw = Object.hasOwn(exported, 'default') ? exported.default : undefined;
  const methods = new Map<string, Method>();
  for (const [name, value] of Object.entries(exported)) {
    if (isMethodName(name) && isCallable(value)) methods.set(name, value);
  }
  if (isCallable(raw)) {
    if (methods.size === 0) return { kind: 'raw', handle: raw, borrows: readLongMessages(moduleUrl, exported) };
    throw new LaunchpoolError(
      'ERR_LAUNCHPOOL_MODULE_BOTH_KINDS',
      `${moduleUrl} has a default export (a raw agent) and named ones (an RPC agent): ${[...methods.keys()].join(', ')}`,
      { hint: 'Keep the default export or the named ones, or make two modules of it.' },
    );
  }
  if (methods.size > 0) return { kind: 'rpc', methods };
  throw new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NO_EXPORTS', `${moduleUrl} exports no function`, {
    hint: 'Export functions by name for an RPC agent, or one function as default for a raw agent.',
  });
}

/**
 * What becomes of messages that are too long for a batch: 'copied' (the default), or 'borrowed', in shared memory that
 * is the handler's until its reply, and used again after that.
 */
function readLongMessages(moduleUrl: string, { longMessages = 'copied' }: Readonly<Record<string, unknown>>): boolean {
  if (longMessages === 'copied' || longMessages === 'borrowed') return longMessages === 'borrowed';
  const what = typeof longMessages === 'string' ? JSON.stringify(longMessages) : `a ${typeof longMessages}`;
  throw new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NOT_LOADED', `${moduleUrl} exports as longMessages ${what}`, {
    hint: "It is 'copied' or 'borrowed'.",
  });
}

function isMethodName(name: string): boolean {
  return !RESERVED_NAMES.has(name) && !name.startsWith('rpc.');
}

/** A class is a function too, but one that cannot be called. */
function isCallable(value: unknown): value is Method {
  return typeof value === 'function' && !/^class[\s{]/.test(Function.prototype.toString.call(value));
}

/**
 * Imports a module by way of another one: import() resolves as promises do, so a module that exports `then` would be
 * taken for a promise itself and, more often than not, never be settled.
 */
function importWrapped(moduleUrl: string): Promise<{ namespace: Record<string, unknown> }> {
  const wrapper = `import * as namespace from ${JSON.stringify(moduleUrl)}; export { namespace };`;
  return import(`data:text/javascript,${encodeURIComponent(wrapper)}`);
}

/**
 * What a module exports, whichever way it is written. Of a CommonJS module, import() shows only the names that a scan
 * of its text has found, and `module.exports` as `default`; the module cache has `module.exports` itself
 * (https://nodejs.org/api/esm.html#commonjs-namespaces).
 */
function exportsOf(moduleUrl: string, namespace: Record<string, unknown>): Readonly<Record<string, unknown>> {
  if (!moduleUrl.startsWith('file:')) return namespace;
  const commonJs = createRequire(import.meta.url).cache[realpathSync(fileURLToPath(moduleUrl))];
  if (commonJs === undefined) return namespace;
  const exported: unknown = commonJs.exports;
  return typeof exported === 'function' ? { default: exported, ...exported } : Object(exported);
}

function notLoaded(moduleUrl: string, what: string, cause: unknown): LaunchpoolError {
  const { name, message } = toPlain(cause);
  // The module that importWrapped() puts in between is nothing to the reader.
  const why = message.replace(/ imported from data:\S*$/, '');
  return new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NOT_LOADED', `${moduleUrl} ${what}: ${name}: ${why}`, {
    cause,
    hint: 'Run `node` on the module to see the whole error.',
  });
}
