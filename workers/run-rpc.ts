/** Runs an RPC agent's methods: a JSON-RPC 2.0 request in, its response out. */
import { calls } from '../wire/call-channel.ts';
import { LaunchpoolError, toPlain } from '../wire/errors.ts';
import { type IdText, isPackedId, NULL_ID, PACKED_NULL_ID } from '../wire/id-text.ts';
import { DEFAULT_MAX_BATCH, errorText, type RpcItem, type RpcRequest } from '../wire/json-rpc.ts';
import type { PlainError } from '../wire/plain-error.ts';
import { type Encoded, encodeErrorResponse, encodeResponse, isLonger, owned } from '../wire/response.ts';
import type { ArgumentCheck } from './argument-check.ts';
import { BatchReply } from './batch-reply.ts';
import { inTurns } from './batch-turns.ts';
import type { NoteFailure } from './failure-lines.ts';
import type { LateReplies } from './late-replies.ts';
import { factsOfRequest } from './log-lines.ts';
import { decodeMessage, encodeValue, formFor } from './message-codec.ts';
import type { CallMethod } from './method-caller.ts';
import { callInSight, needsContext, noteError } from './observed-calls.ts';
import { hasContexts, inOwnContext } from './own-context.ts';
import { withTrimmedStacks } from './own-frames.ts';
import { isRefusal, pointToParams } from './refused-arguments.ts';
import { resultTooLong } from './reply-limit.ts';
import type { RequestContext, RequestKey, Requests } from './requests.ts';
import { isThenable } from './run-raw.ts';
import type { Runner } from './runner.ts';
import { allOf, isOwnPromise, whenSettled } from './settling.ts';
import type { IncomingParams } from './stream/incoming-params.ts';
import { isStream, type Stream } from './stream/is-stream.ts';

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
  /** Returns the error of arguments that do not have the types of the parameters. @default passes all */
  checkArguments?: ArgumentCheck | undefined;
  /** The methods that the main thread limits: those of one batch run one after another. @default none */
  limited?: ReadonlySet<string> | undefined;
};

/** What streams need of their thread. */
export type StreamHost = {
  requests: Requests;
  lateReplies: Pick<LateReplies, 'add'>;
  /** Parameters that are streams; loaded when the first request has one. */
  params: () => Promise<IncomingParams>;
  /** A handler has failed, or its result cannot be sent. */
  onFailure?: NoteFailure;
};

/** Null for a notification. */
type Response = Encoded | null;

/**
 * The requests of a batch run concurrently, unless their method is limited.
 * @param host without it, no result is a stream.
 */
export function rpcRunner(callMethod: CallMethod, options: RpcOptions, host?: StreamHost): Runner {
  const { exposeStacks, maxBatch = DEFAULT_MAX_BATCH, limited: few, checkArguments } = options;
  const { maxReplyBytes = Number.POSITIVE_INFINITY } = options;

  const plainOf = (thrown: unknown): PlainError =>
    exposeStacks ? withTrimmedStacks(toPlain(thrown, { stack: true })) : toPlain(thrown);
  const errorOf = (): PlainError => toPlain(resultTooLong(maxReplyBytes));
  /** An id may be as long as its request, and so may the error that names it. */
  const tooLong = (id: IdText): Encoded => {
    const response = encodeError(id, errorOf());
    if (!isLonger(response, maxReplyBytes)) return response;
    return encodeError(isPackedId(id) ? PACKED_NULL_ID : NULL_ID, errorOf());
  };
  const limited = (id: IdText, response: Encoded): Encoded =>
    isLonger(response, maxReplyBytes) ? tooLong(id) : response;
  const respondWithError = (id: IdText | undefined, thrown: unknown): Response =>
    id === undefined ? null : limited(id, encodeError(id, plainOf(thrown)));
  const respondWithResult = (item: RpcRequest, result: unknown): Response => {
    const { id } = item;
    if (id === undefined) return null;
    try {
      return limited(id, encodeResponse(id, encodeValue(result, formFor(item), 'result')));
    } catch (thrown) {
      return respondWithFailure(item, thrown);
    }
  };
  /** What a handler throws that was cancelled is no failure. */
  const respondWithFailure = (item: RpcRequest, thrown: unknown, key?: RequestKey): Response => {
    if (isRefusal(thrown)) pointToParams(thrown, item.isByName === true);
    noteError(item, thrown);
    if (key !== undefined && host?.requests.reasonOf(key) !== undefined) return respondWithError(item.id, thrown);
    host?.onFailure?.(item.method, factsOfRequest(item, host.requests.context()?.trace), thrown);
    return respondWithError(item.id, thrown);
  };

  function respond(item: RpcItem, context?: RequestContext): Response | Promise<Response> {
    if ('error' in item) return limited(item.id, encodeError(item.id, toPlain(item.error)));
    const fault = checkArguments?.(item);
    if (fault !== undefined) return respondWithError(item.id, fault);
    if (item.asks?.mayHaveStreams && item.id !== undefined && host !== undefined)
      return respondToStreams(item, item.id, host, context);
    return respondToValues(item, context);
  }

  /** With async iterables in place of parameters that are streams. */
  async function respondToStreams(
    item: RpcRequest,
    id: IdText,
    { requests, params }: StreamHost,
    given: RequestContext | undefined,
  ): Promise<Response> {
    // Now: the memory that it is read from may have another use after an await.
    const key = requests.present();
    const context = given ?? (needsContext(item, requests) ? requests.newContext(item) : undefined);
    const incoming = await params();
    try {
      const opened = { ...item, params: incoming.open(item.params, id, key) };
      requests.enter(key.ticket, key.index);
      const response = respondToValues(opened, context);
      requests.leave();
      return await response;
    } catch (thrown) {
      return respondWithError(id, thrown);
    } finally {
      incoming.close(key);
    }
  }

  function respondToValues(item: RpcRequest, context?: RequestContext): Response | Promise<Response> {
    if (host !== undefined && needsContext(item, host.requests)) return callObserved(item, host.requests, context);
    return hasContexts() ? callInContext(item) : call(item);
  }

  /** The module can ask about the request, or the request belongs to a trace. */
  function callObserved(
    item: RpcRequest,
    requests: Requests,
    context: RequestContext = requests.newContext(item),
  ): Response | Promise<Response> {
    const callItem = (): Response | Promise<Response> => call(item);
    const run = (): Response | Promise<Response> =>
      requests.runIn(context, calls.hasSubscribers ? () => callInSight(item, context, callItem) : callItem);
    const response = hasContexts() ? inOwnContext(run) : run();
    const end = (response: Response): Response | Promise<Response> => {
      context.isOver = true;
      if (context.progress === undefined) return response;
      context.progress.end();
      return afterTurn(response);
    };
    return isOwnPromise(response) ? (whenSettled(response, end) as Promise<Response>) : end(response);
  }

  // A function of its own: what a closure captures is allocated at each call, whether the closure is made or not.
  function callInContext(item: RpcRequest): Response | Promise<Response> {
    return inOwnContext(() => call(item));
  }

  function call(item: RpcRequest): Response | Promise<Response> {
    if (host !== undefined) host.requests.running = item;
    try {
      const result = callMethod(item.method, item.params);
      if (isThenable(result)) return respondLater(item, result);
      if (host !== undefined && isStream(result)) return respondWithStream(item, result, host.requests.present(), host);
      return respondWithResult(item, result);
    } catch (thrown) {
      return respondWithFailure(item, thrown);
    }
  }

  // Functions of their own, as above.
  function respondLater(item: RpcRequest, result: PromiseLike<unknown>): Promise<Response> {
    const key = host?.requests.present();
    return whenSettled<unknown, Response | Promise<Response>>(
      result,
      (value) =>
        host !== undefined && key !== undefined && isStream(value)
          ? respondWithStream(item, value, key, host)
          : respondWithResult(item, value),
      (thrown) => respondWithFailure(item, thrown, key),
    ) as Promise<Response>;
  }

  async function respondWithStream(
    item: RpcRequest,
    stream: Stream,
    key: RequestKey,
    { requests, lateReplies }: StreamHost,
  ): Promise<Response> {
    const { id, asks } = item;
    try {
      const { runStream } = await import('./stream/run-stream.ts');
      const outcome = await runStream(
        stream,
        { key, id, form: formFor(item), credit: asks?.stream },
        { requests, lateReplies, maxReplyBytes },
      );
      // Unless the main thread has answered already, as it does for every cancellation but that at the end of the drain.
      if (outcome === undefined) return respondWithStop(item, requests.reasonOf(key) ?? stopped());
      if (id === undefined) return null;
      return 'response' in outcome ? limited(id, outcome.response) : respondWithResult(item, outcome.result);
    } catch (thrown) {
      return respondWithFailure(item, thrown, key);
    }
  }

  function respondWithStop(item: RpcRequest, reason: PlainError): Response {
    noteError(item, reason);
    return item.id === undefined ? null : limited(item.id, encodeError(item.id, reason));
  }

  function respondToAll(items: readonly RpcItem[], isPacked: boolean): Response | Promise<Response> {
    const reply = new BatchReply({ ids: items.map(({ id }) => id), isPacked, maxBytes: maxReplyBytes, tooLong });
    const all = (): Response => {
      const found = reply.join();
      return found === undefined ? encodeError(isPacked ? PACKED_NULL_ID : NULL_ID, errorOf()) : found;
    };
    const late: Promise<void>[] = [];
    const { requests } = host ?? {};
    const each = few && requests ? inTurns({ limited: few, requests, respond, encodeError }) : respond;
    for (const [index, item] of items.entries()) {
      const response = each(item);
      if (isOwnPromise(response)) late.push(whenSettled(response, (value) => reply.set(index, value)));
      else reply.set(index, response);
    }
    return late.length === 0 ? all() : whenSettled(allOf(late), all);
  }

  return {
    run(input, start, end) {
      const { batch, items, isPacked = false } = decodeMessage(input.subarray(start, end), maxBatch);
      return batch ? respondToAll(items, isPacked) : respond(items[0] as RpcItem);
    },
  };
}

/** A response that must not overtake notifications is a late reply, which a slot does not carry. */
async function afterTurn(response: Response): Promise<Response> {
  const sent = response === null ? null : owned(response);
  await new Promise((resolve) => setImmediate(resolve));
  return sent;
}

function encodeError(id: IdText, error: PlainError): Encoded {
  return encodeErrorResponse(id, errorText(error));
}

function stopped(): PlainError {
  return toPlain(new LaunchpoolError('ERR_LAUNCHPOOL_CANCELLED', 'the stream has no reader any more'));
}
