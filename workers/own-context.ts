/**
 * Runs each request in an asynchronous context of its own, which derives from the context in which the module was loaded
 * and from no other request: `AsyncLocalStorage`, `executionAsyncResource()` and domains of one request are not those of
 * the next.
 *
 * All requests of a batch run in one callback of the event loop, so what one of them enters and does not leave would stay
 * for the others; without AsyncContextFrame (https://nodejs.org/api/cli.html#--no-async-context-frame, and Node 22), also
 * for later batches, whose messages come from the same port. A context costs time, so there is none until the module uses
 * one of these functions. Before that, no request can tell.
 */
import asyncHooks, { AsyncResource } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';

/** Functions by which a module can see, follow or enter a context. */
const WATCHED = ['createHook', 'executionAsyncId', 'triggerAsyncId', 'executionAsyncResource'] as const;

/** A domain whose `exit` is not Node's own may never be left. */
const MAX_DOMAINS = 10_000;

type Domain = { exit(): void };
type Hooks = Record<string, (this: unknown, ...args: never[]) => unknown>;

let isUsed = false;
let loading: AsyncResource | undefined;
let loadingDomain: Domain | null | undefined;
const createResource = (): AsyncResource => new AsyncResource('LAUNCHPOOL_REQUEST');

/** Must be called before the module is loaded. */
export function watchContexts(): void {
  for (const name of WATCHED) watch(asyncHooks as unknown as Hooks, name);
  watch(asyncHooks.AsyncLocalStorage.prototype as unknown as Hooks, 'enterWith');
  // For modules that import these functions by name.
  syncBuiltinESMExports();
}

function watch(owner: Hooks, name: string): void {
  const { value: original, ...rest } = Object.getOwnPropertyDescriptor(owner, name) as TypedPropertyDescriptor<
    Hooks[string]
  >;
  const watched: Hooks[string] = function (...args) {
    isUsed = true;
    return Reflect.apply(original as Hooks[string], this, args);
  };
  Object.defineProperty(watched, 'name', { value: name });
  Object.defineProperty(owner, name, { ...rest, value: watched });
}

/** The contexts of all requests derive from the present one. Must be called when the module is loaded. */
export function beginRequests(): void {
  loading = new AsyncResource('LAUNCHPOOL_MODULE');
  loadingDomain = presentDomain();
}

/** Whether requests must run in contexts of their own. */
export function hasContexts(): boolean {
  return isUsed && loading !== undefined;
}

/** Calls the function in a context of its own. To be called only if `hasContexts()`. */
export function inOwnContext<Result>(call: () => Result): Result {
  leaveDomains();
  try {
    return (loading as AsyncResource).runInAsyncScope(createResource).runInAsyncScope(call);
  } finally {
    leaveDomains();
  }
}

/** Leaves the domains that were entered and not left: https://nodejs.org/api/domain.html. Each may be entered repeatedly. */
function leaveDomains(): void {
  for (let left = MAX_DOMAINS; left > 0; left -= 1) {
    const domain = presentDomain();
    // The module may have set another value.
    if (typeof domain?.exit !== 'function' || domain === loadingDomain) return;
    try {
      domain.exit();
    } catch {
      return;
    }
  }
}

function presentDomain(): Domain | null | undefined {
  return (process as { domain?: Domain | null }).domain;
}
