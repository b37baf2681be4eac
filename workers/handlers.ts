/** Loads the agent's module and returns its handlers. Does not know frames. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { LaunchpoolError, type PlainError, toPlain } from '../wire/errors.ts';
import { importModule } from './import-module.ts';
import { readMethodOptions, refuseMethodOptions } from './method-options.ts';
import { beginRequests } from './own-context.ts';
import { withTrimmedStacks } from './own-frames.ts';
import type { AgentKind, MethodOptions, ModuleFacts } from './task.ts';

export type RawHandler = (message: Uint8Array) => unknown;
export type Method = (...params: unknown[]) => unknown;

/** A module has one kind: the meaning of a frame is never guessed. */
export type Handlers = { kind: 'raw'; handle: RawHandler; borrows: boolean } | RpcHandlers;

export type RpcHandlers = {
  kind: 'rpc';
  /** The exports in which the methods are. */
  exported: Exported;
  /** The names of the methods. */
  methods: ReadonlySet<string>;
  /** Undefined if no method has any. */
  options: MethodOptions | undefined;
};

export type Exported = Readonly<Record<string, unknown>>;

/** Exports that are never methods: `await` on a client reads `then`; launchpool itself uses the others. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(['default', 'then', 'setup', 'teardown', 'longMessages']);

/** A file that prepares the loading of a module exports the URL of the module by this name: src/bundle/loader.ts. */
const MODULE = Symbol.for('launchpool.module');

/** A module that is imported. */
export type ImportedModule = {
  handlers: Handlers;
  /**
   * Completes its `setup` export, if there is one.
   * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED
   */
  setUp(): Promise<void>;
  /** Whether it has a `teardown` export. */
  tearsDown: boolean;
  /** Completes that export. @throws what it throws */
  tearDown(): Promise<void>;
};

/**
 * Imports the module, and does not run its `setup`.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED, ERR_LAUNCHPOOL_MODULE_NO_EXPORTS, ERR_LAUNCHPOOL_MODULE_BOTH_KINDS
 */
export async function importHandlers(moduleUrl: string): Promise<ImportedModule> {
  try {
    const { exported, url } = await importExports(moduleUrl);
    const { setup, teardown } = exported;
    return {
      handlers: readHandlers(url, exported),
      setUp: () => setUp(url, setup),
      tearsDown: typeof teardown === 'function',
      async tearDown() {
        if (typeof teardown === 'function') await teardown();
      },
    };
  } catch (cause) {
    throw await loadErrorOf(moduleUrl, 'cannot be loaded', cause);
  }
}

async function setUp(moduleUrl: string, setup: unknown): Promise<void> {
  try {
    if (typeof setup === 'function') await setup();
    // Here, because a caller does not see what `setup` has entered.
    beginRequests();
  } catch (cause) {
    throw await loadErrorOf(moduleUrl, 'failed in its setup()', cause, setupHint());
  }
}

/** @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED when the module is not of the kind that its clients use. */
export function mustBeOfKind(moduleUrl: string, handlers: Handlers, kind: AgentKind | undefined): void {
  if (kind === undefined || handlers.kind === kind) return;
  throw new LaunchpoolError(
    'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
    `${moduleUrl} is ${nameOf(handlers.kind)}, while the clients use ${nameOf(kind)}`,
    { hint: 'Export what the agent had before, or install the module again.' },
  );
}

function nameOf(kind: AgentKind): string {
  return kind === 'raw' ? 'a raw agent' : 'an RPC agent';
}

export function factsOf(handlers: Handlers): ModuleFacts {
  if (handlers.kind === 'raw') return { kind: 'raw', methods: [] };
  const { methods, options } = handlers;
  return { kind: 'rpc', methods: [...methods], ...(options && { methodOptions: options }) };
}

async function loadErrorOf(
  moduleUrl: string,
  problem: string,
  cause: unknown,
  hint?: string,
): Promise<LaunchpoolError> {
  const { message, code, hint: ownHint } = toPlain(cause);
  if (cause instanceof LaunchpoolError && String(code).startsWith('ERR_LAUNCHPOOL_MODULE_')) return cause;
  // What `dev` writes in place of sources that cannot be compiled.
  if (code === 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED') return new LaunchpoolError(code, message, { hint: ownHint });
  return notLoaded(moduleUrl, problem, cause, hint);
}

/** What a setup() depends on, and a shell may have otherwise. */
function setupHint(): string {
  return (
    `setup() has the variables of the agent, and the folder ${process.cwd()}. An installed agent inherits no variables ` +
    'from the shell: --env NAME=VALUE sets one, --working-directory FOLDER the folder.'
  );
}

/** Derives the kind and the handlers from a module's exports. */
export function readHandlers(moduleUrl: string, exported: Exported): Handlers {
  const raw = Object.hasOwn(exported, 'default') ? exported.default : undefined;
  const methods = new Set<string>();
  for (const [name, value] of Object.entries(exported)) {
    if (isMethodName(name) && isCallable(value)) methods.add(name);
  }
  if (isCallable(raw)) {
    // An export may have another value later.
    const live = exported as { default: RawHandler };
    const handle: RawHandler = (message) => {
      const { default: present } = live;
      return present(message);
    };
    if (methods.size === 0) {
      refuseMethodOptions(moduleUrl, exported.options);
      return { kind: 'raw', handle, borrows: readLongMessages(moduleUrl, exported) };
    }
    throw new LaunchpoolError(
      'ERR_LAUNCHPOOL_MODULE_BOTH_KINDS',
      `${moduleUrl} has a default export (a raw agent) and named ones (an RPC agent): ${[...methods].join(', ')}`,
      { hint: 'Keep the default export or the named ones, or split the module in two.' },
    );
  }
  if (methods.size > 0) {
    const { options = {} } = exported;
    // A function of that name is a method.
    const read = methods.has('options') ? undefined : readMethodOptions(moduleUrl, options, methods);
    return { kind: 'rpc', exported, methods, options: read };
  }
  throw new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NO_EXPORTS', `${moduleUrl} exports no function`, {
    hint: 'Export functions by name for an RPC agent, or one function as default for a raw agent.',
  });
}

/**
 * How the handler gets messages that are too long for a batch: 'copied' (the default), or 'borrowed', in shared memory
 * that is the handler's until its reply and has another use after that.
 */
function readLongMessages(moduleUrl: string, { longMessages = 'copied' }: Exported): boolean {
  if (longMessages === 'copied' || longMessages === 'borrowed') return longMessages === 'borrowed';
  const value = typeof longMessages === 'string' ? JSON.stringify(longMessages) : `a ${typeof longMessages}`;
  throw new LaunchpoolError(
    'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
    `${moduleUrl} has a longMessages export that is not valid: ${value}`,
    { hint: "Export 'copied' or 'borrowed'." },
  );
}

function isMethodName(name: string): boolean {
  return !RESERVED_NAMES.has(name) && !name.startsWith('rpc.');
}

/** A class is a function too, but cannot be called. */
function isCallable(value: unknown): value is Method {
  return typeof value === 'function' && !/^class[\s{]/.test(Function.prototype.toString.call(value));
}

/**
 * The exports of an ES module or a CommonJS module. require() is faster than import() and returns all of a CommonJS
 * module's `module.exports`; it refuses ES modules with an await at their top level.
 */
async function importExports(moduleUrl: string): Promise<{ exported: Exported; url: string }> {
  if (moduleUrl.startsWith('file:')) {
    try {
      const exported: unknown = createRequire(moduleUrl)(fileURLToPath(moduleUrl));
      const module = (exported as Record<symbol, unknown> | null)?.[MODULE];
      if (typeof module === 'string') return importPrepared(module);
      const own = typeof exported === 'function' ? { default: exported, ...exported } : Object(exported);
      return { exported: own, url: moduleUrl };
    } catch (error) {
      if ((error as NodeJS.ErrnoException)?.code !== 'ERR_REQUIRE_ASYNC_MODULE') throw error;
    }
  }
  return { ...(await importWrapped(moduleUrl)), url: moduleUrl };
}

/** The module behind a file that has prepared its loading: an error names the module, and not that file. */
async function importPrepared(moduleUrl: string): Promise<{ exported: Exported; url: string }> {
  try {
    return await importExports(moduleUrl);
  } catch (cause) {
    throw await loadErrorOf(moduleUrl, 'cannot be loaded', cause);
  }
}

/**
 * Imports a module through another one. import() resolves as a promise does: it would take a module that exports `then`
 * for a promise, which usually never settles.
 */
function importWrapped(moduleUrl: string): Promise<{ exported: Record<string, unknown> }> {
  const wrapper = `import * as exported from ${JSON.stringify(moduleUrl)}; export { exported };`;
  return importModule(`data:text/javascript,${encodeURIComponent(wrapper)}`);
}

async function notLoaded(
  moduleUrl: string,
  problem: string,
  cause: unknown,
  hint: string | undefined,
): Promise<LaunchpoolError> {
  const { name, message, stack = '' } = withTrimmedStacks(toPlain(cause, { stack: true }));
  const path = moduleUrl.startsWith('file:') ? fileURLToPath(moduleUrl) : moduleUrl;
  const { FailurePlaces } = await import('./failure-place.ts');
  const places = new FailurePlaces(path);
  const place = places.placeOf(stack);
  // The importing file is one of launchpool's own.
  const reason = message.replace(/ imported from data:\S*$/, '').replace(/\nRequire stack:\n.*$/s, '');
  const at = place === undefined ? '' : ` (${places.textOf(place)})`;
  return new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NOT_LOADED', `${path} ${problem}: ${name}: ${reason}${at}`, {
    cause,
    hint: hint ?? hintFor(toPlain(cause)),
  });
}

function hintFor({ name, code, message }: PlainError): string {
  const missing = /Cannot find (package|module) '([^']+)'/.exec(message);
  if (missing !== null) {
    const [, kind, name = ''] = missing;
    return kind === 'package' || !/^[./]/.test(name)
      ? `Install the package ${name}; if it is named at run time only, take it along: --include ${name}.`
      : 'Write the file; if it is named at run time only, take it along with --include.';
  }
  if (code === 'ERR_DLOPEN_FAILED') {
    return 'Build the package for the Node that runs the agent (npm rebuild), or choose another Node with --node.';
  }
  if (name === 'SyntaxError') return 'Correct the source.';
  return 'What the module does when it is loaded has failed: `launchpool dev` shows the stack.';
}
