/** Runs an RPC agent's methods: a JSON-RPC 2.0 frame in, its response out. */
import { LaunchpoolError, toPlain } from '../wire/errors.ts';
import { encodeTextFrame } from '../wire/frame.ts';
import { decodeRequests, encodeError, encodeResult, type RpcItem } from '../wire/json-rpc.ts';
import type { Method } from './handlers.ts';
import type { Outcome } from './task.ts';

export type RpcOptions = {
  /** Whether errors carry their stacks to the caller. */
  exposeStacks: boolean;
};

/** What answers a method: its function, or, for a module that could not be loaded, whatever throws the reason. */
export type FindMethod = (name: string) => Method;

/** Never throws: what a method throws is its response. The requests of a batch run concurrently. */
export async function runRpc(find: FindMethod, request: Uint8Array, options: RpcOptions): Promise<Outcome> {
  const { batch, items } = decodeRequests(request);
  const responses = await Promise.all(items.map((item) => respond(find, item, options)));
  const owed = responses.filter((response) => response !== undefined);
  if (owed.length === 0) return { kind: 'rpc' };
  return { kind: 'rpc', reply: encodeTextFrame(batch ? `[${owed.join(',')}]` : (owed[0] as string)) };
}

/** The response as JSON text, or undefined for a notification. */
async function respond(find: FindMethod, item: RpcItem, { exposeStacks }: RpcOptions): Promise<string | undefined> {
  if ('error' in item) return encodeError(item.id, toPlain(item.error));
  try {
    const result = await find(item.method)(...item.params);
    return item.id === undefined ? undefined : encodeResult(item.id, result);
  } catch (thrown) {
    return item.id === undefined ? undefined : encodeError(item.id, toPlain(thrown, { stack: exposeStacks }));
  }
}

/** Looks methods up in a module's own exports. */
export function methodFinder(methods: ReadonlyMap<string, Method>): FindMethod {
  return (name) => {
    const method = methods.get(name);
    if (method !== undefined) return method;
    throw new LaunchpoolError('ERR_LAUNCHPOOL_METHOD_NOT_FOUND', `there is no method ${JSON.stringify(name)}`, {
      hint: `This agent has: ${[...methods.keys()].join(', ')}.`,
    });
  };
}
