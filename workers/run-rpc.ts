/** Runs an RPC agent's methods: a JSON-RPC 2.0 request in, its response out. */
import { LaunchpoolError, toPlain } from '../wire/errors.ts';
import type { IdText } from '../wire/id-text.ts';
import {
  DEFAULT_MAX_BATCH,
  decodeRequests,
  encodeError,
  encodeResult,
  type RpcItem,
  type RpcRequest,
} from '../wire/json-rpc.ts';
import type { Method } from './handlers.ts';
import { hasContexts, inOwnContext } from './own-context.ts';
import { isTextLonger, resultTooLong } from './reply-limit.ts';
import { isThenable } from './run-raw.ts';
import type { Runner } from './runner.ts';
import { whenSettled } from './settling.ts';

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

/** Returns the function of a method; for a module that could not be loaded, a function that throws the reason. */
export type FindMethod = (name: string) => Method;

/** A response as JSON text; null for a notification. */
type Response = string | null;

/** The requests of a batch run concurrently. */
export function rpcRunner(find: FindMethod, options: RpcOptions): Runner {
  const { exposeStacks, maxBatch = DEFAULT_MAX_BATCH, maxReplyBytes = Number.POSITIVE_INFINITY } = options;

  const tooLong = (id: IdText): string => encodeError(id, toPlain(resultTooLong(maxReplyBytes)));
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
    if ('error' in item) return encodeError(item.id, toPlain(item.error));
    return hasContexts() ? inOwnContext(() => call(item)) : call(item);
  }

  function call(item: RpcRequest): Response | Promise<Response> {
    const { id } = item;
    try {
      const result = find(item.method)(...item.params);
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

  /** Responses that are too long for one text become errors. */
  function batchOf(items: readonly RpcItem[], responses: readonly Response[]): Response {
    try {
      const text = batchText(responses);
      if (text === null || !isTextLonger(text, maxReplyBytes)) return text;
      return batchText(items.map(({ id }) => (id === undefined ? null : tooLong(id))));
    } catch (cause) {
      const message = `the results of the batch cannot be sent: ${toPlain(cause).message}`;
      const error = new LaunchpoolError('ERR_LAUNCHPOOL_RESULT_INVALID', message);
      return batchText(items.map(({ id }) => errorText(id, error)));
    }
  }

  return {
    run(input, start, end) {
      const { batch, items } = decodeRequests(input.subarray(start, end), maxBatch);
      if (!batch) return respond(items[0] as RpcItem);
      const responses = items.map(respond);
      return responses.every((response) => !(response instanceof Promise))
        ? batchOf(items, responses as Response[])
        : whenSettled(allOf(responses), (settled) => batchOf(items, settled));
    },
  };
}

/** As Promise.all(), which the module may have replaced. */
function allOf(responses: readonly (Response | Promise<Response>)[]): Promise<Response[]> {
  return new Promise((resolve) => {
    const settled: Response[] = [];
    let unsettled = responses.length;
    for (const [index, response] of responses.entries()) {
      whenSettled(response, (value) => {
        settled[index] = value;
        unsettled -= 1;
        if (unsettled === 0) resolve(settled);
      });
    }
  });
}

function batchText(responses: readonly Response[]): Response {
  const texts = responses.filter((response) => response !== null);
  return texts.length === 0 ? null : `[${texts.join(',')}]`;
}

/** Finds methods in a module's own exports. */
export function methodFinder(methods: ReadonlyMap<string, Method>): FindMethod {
  return (name) => {
    const method = methods.get(name);
    if (method !== undefined) return method;
    throw new LaunchpoolError('ERR_LAUNCHPOOL_METHOD_NOT_FOUND', `the agent has no method ${JSON.stringify(name)}`, {
      hint: `Call one of its methods: ${[...methods.keys()].join(', ')}.`,
    });
  };
}
