/** An agent as an object: its methods, typed from the module itself, and nothing else by name. */
import type { CallOptions } from './call-options.ts';
import { connectRpc, type RpcClient } from './rpc.ts';
import type { ConnectOptions } from './transport.ts';

/** What JSON makes of a result: nothing becomes null. */
export type OnTheWire<Result> = Result extends void ? null : Result;

type NotMethods = 'default' | 'then' | 'setup' | 'teardown' | `rpc.${string}`;

/** The methods of an agent, seen from a client: the module's exported functions, each as a call. */
export type Agent<Module> = {
  [Name in keyof Module as Name extends NotMethods
    ? never
    : Module[Name] extends (...params: never[]) => unknown
      ? Name
      : never]: Module[Name] extends (...params: infer Params) => infer Result
    ? (...params: Params) => Promise<OnTheWire<Awaited<Result>>>
    : never;
} & AsyncDisposable;

type AnyMethods = Record<string, (...params: unknown[]) => unknown>;

/** Proxies have no place for state that could not be mistaken for a method. */
const behind = new WeakMap<object, { client: RpcClient; options: CallOptions }>();

/**
 * Connects to an RPC agent, which starts if it does not run. The process is kept alive only while calls are under way.
 *
 * Every property of the result is a method of the agent; what else can be done with it are functions beside it:
 * {@link close}, {@link withOptions}, {@link notify}.
 * @param target a socket's path if it contains `/`, otherwise an agent's label.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED, the ERR_LAUNCHPOOL_AUTH_* codes
 */
export async function connect<Module = AnyMethods>(
  target: string,
  options: ConnectOptions = {},
): Promise<Agent<Module>> {
  return agentOf<Module>(await connectRpc(target, options), {});
}

/**
 * The same agent, over the same connection, with options for each call that is made through the result; they are added
 * to those that `agent` has already.
 */
export function withOptions<Of extends AsyncDisposable>(agent: Of, options: CallOptions): Of {
  const { client, options: given } = internalsOf(agent);
  return agentOf(client, { ...given, ...options }) as unknown as Of;
}

/** Calls a method without waiting for it: nothing comes back, no error either. */
export function notify<Of extends AsyncDisposable>(
  agent: Of,
  method: Extract<keyof Of, string>,
  ...params: readonly unknown[]
): void {
  internalsOf(agent).client.notify(method, params);
}

/** Closes the connection. Calls under way are rejected with ERR_LAUNCHPOOL_CONNECTION_CLOSED. */
export async function close(agent: AsyncDisposable): Promise<void> {
  internalsOf(agent).client.close();
}

function internalsOf(agent: object): { client: RpcClient; options: CallOptions } {
  const found = behind.get(agent);
  if (found === undefined) throw new TypeError('not an agent that connect() has returned');
  return found;
}

function agentOf<Module>(client: RpcClient, options: CallOptions): Agent<Module> {
  const methods = new Map<string, (...params: unknown[]) => Promise<unknown>>();
  const get = (_target: object, name: string | symbol): unknown => {
    if (name === Symbol.asyncDispose) return async () => client.close();
    // `await` asks every object for `then`; a remote method of that name would make it wait for ever.
    if (typeof name === 'symbol' || name === 'then') return undefined;
    let method = methods.get(name);
    if (method === undefined) {
      method = (...params) => client.call(name, params, options);
      methods.set(name, method);
    }
    return method;
  };
  const agent = new Proxy(Object.create(null), { get, set: () => false, defineProperty: () => false });
  behind.set(agent, { client, options });
  return agent;
}
