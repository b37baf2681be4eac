/** Calls of handlers, as subscribers of the tracing channel see them: those that the module has on this thread. */
import { beginCall, type CallMessage, calls, endCall, noteCallError } from '../wire/call-channel.ts';
import { idValue } from '../wire/id-text.ts';
import type { RpcRequest } from '../wire/json-rpc.ts';
import { traceIn } from '../wire/trace-context.ts';
import type { RequestContext, Requests } from './requests.ts';
import { isOwnPromise, whenSettled } from './settling.ts';

/** The messages of the calls without an outcome, by their requests. */
const messages = new WeakMap<RpcRequest, CallMessage>();

/** Whether a request has a context: in every module, if it belongs to a trace or a subscriber sees it. */
export function needsContext({ asks }: RpcRequest, { hasContexts }: Requests): boolean {
  return hasContexts || asks?.trace !== undefined || calls.hasSubscribers;
}

/**
 * Calls the handler of a request. From its `start` on, the context has the trace that a subscriber gives it.
 * @param request undefined for a message of a raw agent.
 * @param call never throws, and never rejects.
 * @param errorOf returns why an outcome is a failure; without it, {@link noteError} is called before the outcome.
 */
export function callInSight<Outcome>(
  request: RpcRequest | undefined,
  context: RequestContext,
  call: () => Outcome | Promise<Outcome>,
  errorOf?: (outcome: Outcome) => unknown,
): Outcome | Promise<Outcome> {
  const message: CallMessage = {
    role: 'handler',
    method: request?.method,
    id: request?.id === undefined ? undefined : idValue(request.id),
    traceparent: context.trace?.traceparent,
    tracestate: context.trace?.tracestate,
  };
  if (request !== undefined) messages.set(request, message);
  const end = (outcome: Outcome): Outcome => {
    const error = errorOf?.(outcome);
    if (error !== undefined) noteCallError(message, error);
    endCall(message);
    return outcome;
  };
  const outcome = beginCall(message, () => {
    context.trace = traceIn(message);
    return call();
  });
  return isOwnPromise(outcome) ? whenSettled(outcome, end) : end(outcome);
}

/** The handler has failed, or its result cannot be sent. */
export function noteError(request: RpcRequest, error: unknown): void {
  const message = messages.get(request);
  if (message !== undefined) noteCallError(message, error);
}
