/** The typed proxy of an RPC agent: each of its properties is a remote method, typed from the module itself. */
import type { CallOptions } from './call-options.ts';
import type { ConnectOptions } from './connect-options.ts';
import { connectRpc, type RpcClient } from './rpc.ts';

/** A result after JSON: undefined becomes null. */
export type OnTheWire<Result> = Result extends void ? null : Result;

type NotMethods = 'default' | 'then' | 'setup' | 'teardown' | `rpc.${string}`;

/** The methods of an agent as a client sees them: the module's exported functions, each returning a promise. */
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

type Internals = { client: RpcClient; options: CallOptions };

/** Kept outside of the proxies, because every property of a proxy is a remote method. */
const internals = new WeakMap<object, Internals>();

/**
 * Connects to an RPC agent and starts it if it does not run. The connection keeps the process alive only while calls are
 * open.
 *
 * Every property of the result is a remote method. The other operations are separate functions: {@link close},
 * {@link withOptions}, {@link notify}.
 * @param target the path of a socket if it contains `/`, otherwise the label of an agent.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED, ERR_LAUNCHPOOL_SOCKET_OWNER, the ERR_LAUNCHPOOL_AUTH_* codes
 */
export async function connect<Module = AnyMethods>(
  target: string,
  options: ConnectOptions = {},
): Promise<Agent<Module>> {
  return createProxy<Module>(await connectRpc(target, options), {});
}

/**
 * Returns a proxy for the same agent over the same connection, with options for each of its calls. They are merged into
 * the options of `agent`.
 */
export function withOptions<Of extends AsyncDisposable>(agent: Of, options: CallOptions): Of {
  const { client, options: previous } = internalsOf(agent);
  return createProxy(client, { ...previous, ...options }) as unknown as Of;
}

/** Sends a notification: the method runs, and neither its result nor its error comes back. */
export function notify<Of extends AsyncDisposable>(
  agent: Of,
  method: Extract<keyof Of, string>,
  ...params: readonly unknown[]
): void {
  internalsOf(agent).client.notify(method, params);
}

/** Closes the connection. Open calls are rejected with ERR_LAUNCHPOOL_CONNECTION_CLOSED. */
export async function close(agent: AsyncDisposable): Promise<void> {
  internalsOf(agent).client.close();
}

function internalsOf(agent: object): Internals {
  const result = internals.get(agent);
  if (result === undefined) throw new TypeError('not an agent that connect() returned');
  return result;
}

function createProxy<Module>(client: RpcClient, options: CallOptions): Agent<Module> {
  const methods = new Map<string, (...params: unknown[]) => Promise<unknown>>();
  const get = (_target: object, name: string | symbol): unknown => {
    if (name === Symbol.asyncDispose) return async () => client.close();
    // `await` reads `then` of every object; a remote method of that name would make it wait without end.
    if (typeof name === 'symbol' || name === 'then') return undefined;
    let method = methods.get(name);
    if (method === undefined) {
      method = (...params) => client.call(name, params, options);
      methods.set(name, method);
    }
    return method;
  };
  const agent = new Proxy(Object.create(null), { get, set: () => false, defineProperty: () => false });
  internals.set(agent, { client, options });
  return agent;
}
