/** Loads the agent's module and says what it offers. Knows nothing of frames. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { LaunchpoolError, toPlain } from '../wire/errors.ts';
import { importModule } from './import-module.ts';

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
  const { handlers, setup } = await inspectHandlers(moduleUrl);
  try {
    if (typeof setup === 'function') await setup();
    return handlers;
  } catch (cause) {
    throw whyNotLoaded(moduleUrl, 'failed in its setup()', cause);
  }
}

/**
 * Imports the module, and does not run its `setup`.
 * @throws as {@link loadHandlers}
 */
export async function inspectHandlers(moduleUrl: string): Promise<{ handlers: Handlers; setup: unknown }> {
  try {
    const { exported } = await importExports(moduleUrl);
    return { handlers: readHandlers(moduleUrl, exported), setup: exported.setup };
  } catch (cause) {
    throw whyNotLoaded(moduleUrl, 'cannot be loaded', cause);
  }
}

function whyNotLoaded(moduleUrl: string, what: string, cause: unknown): LaunchpoolError {
  if (cause instanceof LaunchpoolError && String(cause.code).startsWith('ERR_LAUNCHPOOL_MODULE_')) return cause;
  return notLoaded(moduleUrl, what, cause);
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
 * What a module exports, whichever way it is written. By require(), which is quicker, and shows all that a CommonJS
 * module has in `module.exports`; modules that await something at their top level are not for it.
 */
async function importExports(moduleUrl: string): Promise<{ exported: Readonly<Record<string, unknown>> }> {
  if (moduleUrl.startsWith('file:')) {
    try {
      const found: unknown = createRequire(moduleUrl)(fileURLToPath(moduleUrl));
      return { exported: typeof found === 'function' ? { default: found, ...found } : Object(found) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException)?.code !== 'ERR_REQUIRE_ASYNC_MODULE') throw error;
    }
  }
  return importWrapped(moduleUrl);
}

/**
 * Imports a module by way of another one: import() resolves as promises do, so a module that exports `then` would be
 * taken for a promise itself and, more often than not, never be settled.
 */
function importWrapped(moduleUrl: string): Promise<{ exported: Record<string, unknown> }> {
  const wrapper = `import * as exported from ${JSON.stringify(moduleUrl)}; export { exported };`;
  return importModule(`data:text/javascript,${encodeURIComponent(wrapper)}`);
}

function notLoaded(moduleUrl: string, what: string, cause: unknown): LaunchpoolError {
  const { name, message } = toPlain(cause);
  // Who asks for the module is nothing to the reader.
  const why = message.replace(/ imported from data:\S*$/, '').replace(/\nRequire stack:\n.*$/s, '');
  return new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NOT_LOADED', `${moduleUrl} ${what}: ${name}: ${why}`, {
    cause,
    hint: 'Run `node` on the module to see the whole error.',
  });
}
