/** The typed proxy of an RPC agent: its properties are remote methods, typed from the module itself. */
import { isReservedName, type ReservedName } from '../../wire/reserved-names.ts';
import type { AgentCall } from './agent-call.ts';
import type { Agent, AnyMethods } from './agent-types.ts';
import type { CallOptions } from './call-options.ts';
import type { ConnectOptions } from './connect-options.ts';
import { describedAs } from './described.ts';
import { connectRpc, type RpcClient } from './rpc.ts';

type Internals = { client: RpcClient; options: CallOptions; prototype: object };

/** Kept outside of the proxies, whose properties are remote methods. */
const internals = new WeakMap<object, Internals>();

/**
 * Connects to an RPC agent and starts it if it does not run. The connection keeps the process alive only while calls are
 * open.
 *
 * The properties of the result are remote methods. Reading one sends nothing; a call of it calls the agent. The names that
 * languages and tools use on every object are reserved, so the result can be awaited, printed, inspected and compared without
 * a call: `then`, `catch`, `finally`, the names of Object.prototype, `toJSON`, `toBSON`, `inspect`, `asymmetricMatch`,
 * `jasmineToString`, `nodeType`, `nodeName`, `tagName`, `hasAttribute`, `headers`, and names that begin with `_`, `$` or `@`. The other operations are
 * separate functions: {@link call} for a method of any name, {@link notify}, {@link withOptions}, {@link close}.
 * @param target the path of a socket if it contains `/`, otherwise the label of an agent; or `nats://HOST/NAME`, a service on NATS.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED, ERR_LAUNCHPOOL_STOPPED, ERR_LAUNCHPOOL_SOCKET_OWNER, the ERR_LAUNCHPOOL_AUTH_* codes
 */
export function connect<Module = AnyMethods>(
  target: string,
  options: ConnectOptions & { messagePack: false },
): Promise<Agent<Module, 'json'>>;
export function connect<Module = AnyMethods>(target: string, options?: ConnectOptions): Promise<Agent<Module>>;
export async function connect<Module>(target: string, options: ConnectOptions = {}): Promise<Agent<Module>> {
  const prototype = describedAs('Agent', target);
  return createProxy<Module>({ client: await connectRpc(target, options), options: {}, prototype });
}

/**
 * Returns a proxy for the same agent over the same connection, with options for each of its calls. They are merged into
 * the options of `agent`.
 */
export function withOptions<Of extends AsyncDisposable>(agent: Of, options: CallOptions): Of {
  const own = internalsOf(agent);
  return createProxy({ ...own, options: { ...own.options, ...options } }) as unknown as Of;
}

/**
 * Calls a method of any name, also of a reserved one such as `toString`, which is not a property of the agent. Rejects as a
 * call of a property does.
 * @returns the result as it arrives: see OnTheWire.
 */
export async function call(agent: AsyncDisposable, method: string, ...params: readonly unknown[]): Promise<unknown> {
  const { client, options } = internalsOf(agent);
  return client.call(method, params, options);
}

/** Sends a notification: the method, of any name, runs, and neither its result nor its error comes back. */
export function notify<Of extends AsyncDisposable>(
  agent: Of,
  method: Extract<keyof Of, string> | ReservedName,
  ...params: readonly unknown[]
): void {
  const { client, options } = internalsOf(agent);
  client.notify(method, params, options);
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

function createProxy<Module>(own: Internals): Agent<Module> {
  const { client, options, prototype } = own;
  const methods = new Map<string, (...params: unknown[]) => AgentCall>();
  const dispose = async (): Promise<void> => client.close();
  const get = (target: object, name: string | symbol, receiver: unknown): unknown => {
    if (name === Symbol.asyncDispose) return dispose;
    if (typeof name === 'symbol' || isReservedName(name)) return Reflect.get(target, name, receiver);
    let method = methods.get(name);
    if (method === undefined) {
      method = (...params) => client.open(name, params, options);
      methods.set(name, method);
    }
    return method;
  };
  const refuse = (): boolean => false;
  const handler = { get, set: refuse, defineProperty: refuse, setPrototypeOf: refuse };
  const agent = new Proxy(Object.create(prototype), handler);
  internals.set(agent, own);
  return agent;
}
