/** Calls the methods of a module by their names. */
import { LaunchpoolError } from '../wire/errors.ts';
import type { Method, RpcHandlers } from './handlers.ts';
import { loadDiscovery } from './load-discovery.ts';

/** Calls a method; for a module that could not be loaded, throws the reason. */
export type CallMethod = (name: string, params: readonly unknown[]) => unknown;

/** Answered by launchpool: JSON-RPC reserves names that begin with `rpc.`, and they are never methods of a module. */
const DISCOVER = 'rpc.discover';

/**
 * Calls methods as Node calls the exports of a module: an export may have another value by now, and a function of a
 * CommonJS module has the module's exports as its `this`.
 * @param moduleUrl finds the description of the methods, for `rpc.discover`.
 */
export function methodCaller(
  { exported, methods }: Pick<RpcHandlers, 'exported' | 'methods'>,
  moduleUrl?: string,
): CallMethod {
  return (name, params) => {
    if (methods.has(name)) return (exported as Record<string, Method>)[name]?.(...params);
    const { discover, hintFor } = loadDiscovery();
    if (name === DISCOVER) return discover({ moduleUrl, exported, methods });
    throw new LaunchpoolError('ERR_LAUNCHPOOL_METHOD_NOT_FOUND', `the agent has no method ${JSON.stringify(name)}`, {
      hint: hintFor(name, [...methods]),
    });
  };
}
