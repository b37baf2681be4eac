/** The client of an RPC agent: matches replies to calls by id. */
import { withoutCredentials } from '../../wire/address.ts';
import { calls } from '../../wire/call-channel.ts';
import type { LaunchpoolError } from '../../wire/errors.ts';
import {
  type CallAsks,
  encodeCancel,
  type Reply,
  type RpcItems,
  type RpcParamCredit,
  type RpcProgress,
  type RpcResponse,
} from '../../wire/json-rpc-call.ts';
import { WINDOW } from '../../wire/received-values.ts';
import { moreText, streamParam, streamParamOf } from '../../wire/stream.ts';
import type { TraceContext } from '../../wire/trace-context.ts';
import { AgentCall } from './agent-call.ts';
import { AGENT_REPLY_MARGIN_MS, type CallOptions, limitCall, timeoutForAgent } from './call-options.ts';
import type { ConnectOptions } from './connect-options.ts';
import { IncomingStream } from './incoming-stream.ts';
import { ACCEPT, encodeCall, ReplyReader } from './message-codec.ts';
import type { OpenCall, StartedCall } from './open-call.ts';
import { isStreamParam, OutgoingStream, reservedParam, streamInNotification } from './outgoing-stream.ts';
import type { RpcClient } from './rpc-client.ts';
import { openSession } from './session.ts';
import type { FrameOrigin } from './session-types.ts';
import { startInSight, traceFor } from './trace.ts';

export type { RpcClient } from './rpc-client.ts';

const NOTIFICATION = { isNotification: true } as const;

/**
 * @param open opens the session.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED, ERR_LAUNCHPOOL_SOCKET_OWNER, the ERR_LAUNCHPOOL_AUTH_* codes
 */
export async function connectRpc(
  target: string,
  options: ConnectOptions = {},
  open: typeof openSession = openSession,
): Promise<RpcClient> {
  const openCalls = new Map<number, OpenCall>();
  let lastId = 0;
  let closeReason: LaunchpoolError | undefined;
  const shownTarget = withoutCredentials(target);
  const isJsonOnly = options.messagePack === false;
  const accept = isJsonOnly ? undefined : ACCEPT;
  const reader = new ReplyReader(take, fail);
  const session = await open(target, options, {
    onFrame: (payload, from) => reader.receive(payload, from),
    onClose: rejectAll,
  });

  function take(replies: readonly Reply[], { length }: Buffer, from: FrameOrigin | undefined): void {
    for (const reply of replies) {
      if ('error' in reply && reply.id === null) refuse(reply.error as LaunchpoolError, from);
      else {
        const call = openCalls.get(reply.id as number);
        const isOther = call?.sent !== undefined && from?.has(call.sent) === false;
        if (call !== undefined && !isOther) takeOne(call, reply, length);
      }
    }
  }

  function takeOne(call: OpenCall, reply: Reply, length: number): void {
    if ('values' in reply) takeItems(call, reply, length);
    else if ('progress' in reply) report(call, reply);
    else if ('credit' in reply) giveCredit(call, reply);
    else settle(call, reply);
  }

  function fail(error: unknown, from?: FrameOrigin): void {
    if (from !== undefined) from.fail(error as LaunchpoolError);
    else {
      rejectAll(error as LaunchpoolError);
      session.close();
    }
  }

  /** The agent could not read the id of the request that failed, so no open call of this connection can be relied on. */
  function refuse(error: LaunchpoolError, from: FrameOrigin | undefined): void {
    if (from === undefined) throw error;
    from.refuse(error);
  }

  function takeItems(call: OpenCall, { values }: RpcItems, bytes: number): void {
    markRead(call);
    call.stream?.onItems(values, bytes);
  }

  function report({ onProgress }: OpenCall, { progress }: RpcProgress): void {
    // An error of the caller's own function is not one of the connection.
    if (onProgress !== undefined) queueMicrotask(() => onProgress(progress));
  }

  function giveCredit(call: OpenCall, { stream, credit }: RpcParamCredit): void {
    markRead(call);
    const outgoing = call.outgoing[stream];
    if (credit === undefined) outgoing?.stop();
    else outgoing?.give(credit);
  }

  function settle(call: OpenCall, response: RpcResponse): void {
    if (call.sent !== undefined) session.markAnswered(call.sent, 'error' in response);
    remove(response.id as number);
    stopParams(call);
    if ('error' in response) reject(call, response.error);
    else call.resolve(call.stream === undefined ? response.result : call.stream.end(response));
  }

  function reject(call: OpenCall, error: unknown): void {
    stopParams(call);
    call.stream?.end({ error });
    call.reject(error);
  }

  function stopParams({ outgoing }: OpenCall): void {
    for (const each of outgoing) each.stop();
  }

  /** It runs: it is not sent to another process of the agent. */
  function markRead({ sent }: OpenCall): void {
    if (sent !== undefined) session.markRead(sent);
  }

  function remove(id: number): void {
    if (openCalls.delete(id) && openCalls.size === 0) session.keepAlive(false);
  }

  function rejectAll(reason: LaunchpoolError): void {
    closeReason ??= reason;
    for (const call of openCalls.values()) reject(call, closeReason);
    openCalls.clear();
  }

  /** @throws what prevents it from being sent. */
  function start(
    method: string,
    params: readonly unknown[],
    callOptions: CallOptions,
    stream?: IncomingStream,
  ): StartedCall {
    lastId += 1;
    const id = lastId;
    const trace = traceFor(callOptions);
    if (!calls.hasSubscribers) return startNow(id, method, params, callOptions, stream, trace);
    const startWith = (seen: typeof trace): StartedCall => startNow(id, method, params, callOptions, stream, seen);
    return startInSight({ method, id, target: shownTarget, trace }, startWith);
  }

  function startNow(
    id: number,
    method: string,
    params: readonly unknown[],
    callOptions: CallOptions,
    stream: IncomingStream | undefined,
    trace: TraceContext | undefined,
  ): StartedCall {
    if (closeReason !== undefined) throw closeReason;
    if (callOptions.signal?.aborted) throw callOptions.signal.reason;
    const { onProgress, repeatable: isRepeatable = false } = callOptions;
    const timeoutMs = timeoutForAgent(callOptions);
    const outgoing: OutgoingStream[] = [];
    const send = (notification: Uint8Array): void => session.sendIfConnected(notification, openCalls.get(id)?.sent);
    const values = params.map((param) => {
      if (streamParamOf(param) !== undefined) throw reservedParam();
      if (!isStreamParam(param)) return param;
      outgoing.push(new OutgoingStream(id, outgoing.length, param, send, isJsonOnly));
      return streamParam(outgoing.length - 1);
    });
    const progress = onProgress ? true : undefined;
    const asks: CallAsks = { timeoutMs, stream: stream && WINDOW, progress, accept, ...trace };
    const encoded = encodeCall(id, method, values, asks, isJsonOnly);
    const { promise, resolve, reject: rejectCall } = Promise.withResolvers<unknown>();
    if (openCalls.size === 0) session.keepAlive(true);
    const fail: OpenCall['fail'] = (reason) => {
      remove(id);
      reject(call, reason);
    };
    const call: OpenCall = {
      ...{ method, isRepeatable, sent: undefined, stream, onProgress, outgoing },
      ...{ fail, resolve, reject: rejectCall },
    };
    openCalls.set(id, call);
    const sendCall = (payload: Uint8Array): void => {
      if (openCalls.get(id) === call) call.sent = session.send(payload, call);
    };
    if (encoded instanceof Promise) encoded.then(sendCall).catch((error) => call.sent ?? fail(error));
    else sendCall(encoded);
    const cancel: StartedCall['cancel'] = (settleCall) => {
      remove(id);
      if (call.sent !== undefined) {
        session.discard(call.sent);
        session.sendIfConnected(Buffer.from(encodeCancel(id)), call.sent);
      }
      stopParams(call);
      settleCall(call);
    };
    const onLimit = (reason: unknown): void => cancel(() => reject(call, reason));
    const result = limitCall(promise, method, callOptions, onLimit, AGENT_REPLY_MARGIN_MS);
    return { result, id, cancel };
  }

  function notifyNow(method: string, params: readonly unknown[], trace: TraceContext | undefined): void {
    if (closeReason !== undefined) throw closeReason;
    if (params.some(isStreamParam)) throw streamInNotification();
    const encoded = encodeCall(undefined, method, params, { ...trace }, isJsonOnly);
    if (encoded instanceof Promise)
      encoded.then((payload) => closeReason ?? session.send(payload, NOTIFICATION)).catch(fail);
    else session.send(encoded, NOTIFICATION);
  }

  return {
    async call(method, params, callOptions = {}) {
      return start(method, params, callOptions).result;
    },
    open(method, params, callOptions = {}) {
      let started: StartedCall | undefined;
      const stream = new IncomingStream(method, {
        more: (credit) => {
          if (started === undefined) return;
          session.sendIfConnected(Buffer.from(moreText(started.id, credit)), openCalls.get(started.id)?.sent);
        },
        leave: (error) =>
          started?.cancel((call) => (error === undefined ? call.resolve(undefined) : reject(call, error))),
      });
      return new AgentCall(stream, (resolve, rejectCall) => {
        try {
          started = start(method, params, callOptions, stream);
          started.result.then(resolve, rejectCall);
        } catch (error) {
          stream.end({ error });
          rejectCall(error);
        }
      });
    },
    notify(method, params, callOptions = {}) {
      const trace = traceFor(callOptions);
      if (!calls.hasSubscribers) return notifyNow(method, params, trace);
      startInSight({ method, id: undefined, target: shownTarget, trace }, (seen) => {
        notifyNow(method, params, seen);
        return { result: Promise.resolve() };
      });
    },
    get closed() {
      return closeReason !== undefined;
    },
    close: session.close,
  };
}
