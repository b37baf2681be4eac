/** Runs an RPC agent's methods: a JSON-RPC 2.0 request in, its response out. */
import { LaunchpoolError, toPlain } from '../wire/errors.ts';
import { type IdText, NULL_ID } from '../wire/id-text.ts';
import {
  DEFAULT_MAX_BATCH,
  decodeRequests,
  encodeError,
  encodeResult,
  type RpcItem,
  type RpcRequest,
} from '../wire/json-rpc.ts';
import type { PlainError } from '../wire/plain-error.ts';
import { BatchReply } from './batch-reply.ts';
import type { Method, RpcHandlers } from './handlers.ts';
import { hasContexts, inOwnContext } from './own-context.ts';
import { isTextLonger, resultTooLong } from './reply-limit.ts';
import { isThenable } from './run-raw.ts';
import type { Runner } from './runner.ts';
import { isOwnPromise, whenSettled } from './settling.ts';

export type RpcOptions = {
  /** Whether errors carry their stacks to the caller. */
  exposeStacks: boolean;
  /** The highest number of requests in a JSON-RPC batch. @default 10000 */
  maxBatch?: number | undefined;
  /**
   * The longest reply.
   * @default Infinity
   */
  maxReplyBytes?: number | undefined;
};

/** Calls a method; for a module that could not be loaded, throws the reason. */
export type CallMethod = (name: string, params: readonly unknown[]) => unknown;

/** A response as JSON text; null for a notification. */
type Response = string | null;

/** The requests of a batch run concurrently. */
export function rpcRunner(callMethod: CallMethod, options: RpcOptions): Runner {
  const { exposeStacks, maxBatch = DEFAULT_MAX_BATCH, maxReplyBytes = Number.POSITIVE_INFINITY } = options;

  const errorOf = (): PlainError => toPlain(resultTooLong(maxReplyBytes));
  /** An id may be as long as its request, and so may the error that names it. */
  const tooLong = (id: IdText): string => {
    const text = encodeError(id, errorOf());
    return isTextLonger(text, maxReplyBytes) ? encodeError(NULL_ID, errorOf()) : text;
  };
  const limited = (id: IdText, text: string): string => (isTextLonger(text, maxReplyBytes) ? tooLong(id) : text);
  const errorText = (id: IdText | undefined, thrown: unknown): Response =>
    id === undefined ? null : limited(id, encodeError(id, toPlain(thrown, { stack: exposeStacks })));
  const resultText = (id: IdText | undefined, result: unknown): Response => {
    try {
      return id === undefined ? null : limited(id, encodeResult(id, result));
    } catch (thrown) {
      return errorText(id, thrown);
    }
  };

  function respond(item: RpcItem): Response | Promise<Response> {
    if ('error' in item) return limited(item.id, encodeError(item.id, toPlain(item.error)));
    return hasContexts() ? callInContext(item) : call(item);
  }

  // A function of its own: what a closure captures is allocated at each call, whether the closure is made or not.
  function callInContext(item: RpcRequest): Response | Promise<Response> {
    return inOwnContext(() => call(item));
  }

  function call(item: RpcRequest): Response | Promise<Response> {
    const { id } = item;
    try {
      const result = callMethod(item.method, item.params);
      if (!isThenable(result)) return resultText(id, result);
      return whenSettled(
        result,
        (value) => resultText(id, value),
        (thrown) => errorText(id, thrown),
      );
    } catch (thrown) {
      return errorText(id, thrown);
    }
  }

  function respondToAll(items: readonly RpcItem[]): Response | Promise<Response> {
    const reply = new BatchReply({ ids: items.map(({ id }) => id), maxBytes: maxReplyBytes, tooLong });
    const text = (): Response => {
      const found = reply.text(isTextLonger);
      return found === undefined ? encodeError(NULL_ID, errorOf()) : found;
    };
    const late: Promise<void>[] = [];
    for (const [index, item] of items.entries()) {
      const response = respond(item);
      if (isOwnPromise(response)) late.push(whenSettled(response, (value) => reply.set(index, value)));
      else reply.set(index, response);
    }
    return late.length === 0 ? text() : whenSettled(allOf(late), text);
  }

  return {
    run(input, start, end) {
      const { batch, items } = decodeRequests(input.subarray(start, end), maxBatch);
      return batch ? respondToAll(items) : respond(items[0] as RpcItem);
    },
  };
}

/** As Promise.all(), which the module may have replaced. */
async function allOf(promises: readonly Promise<void>[]): Promise<void> {
  for (const promise of promises) await promise;
}

/**
 * Calls methods as Node calls the exports of a module: an export may have another value by now, and a function of a
 * CommonJS module has the module's exports as its `this`.
 */
export function methodCaller({ exported, methods }: Pick<RpcHandlers, 'exported' | 'methods'>): CallMethod {
  return (name, params) => {
    if (methods.has(name)) return (exported as Record<string, Method>)[name]?.(...params);
    throw new LaunchpoolError('ERR_LAUNCHPOOL_METHOD_NOT_FOUND', `the agent has no method ${JSON.stringify(name)}`, {
      hint: `Call one of its methods: ${[...methods].join(', ')}.`,
    });
  };
}
