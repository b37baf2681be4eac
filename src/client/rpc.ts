/** The client of an RPC agent: matches replies to calls by id. */
import { LaunchpoolError } from '../../wire/errors.ts';
import {
  decodeReplies,
  encodeCancel,
  encodeRequest,
  type RpcItems,
  type RpcParamCredit,
  type RpcProgress,
  type RpcResponse,
} from '../../wire/json-rpc-call.ts';
import { WINDOW } from '../../wire/received-values.ts';
import { moreText, streamParam, streamParamOf } from '../../wire/stream.ts';
import { AgentCall } from './agent-call.ts';
import { AGENT_REPLY_MARGIN_MS, type CallOptions, limitCall, timeoutForAgent } from './call-options.ts';
import type { ConnectOptions } from './connect-options.ts';
import { IncomingStream } from './incoming-stream.ts';
import { isStreamParam, OutgoingStream } from './outgoing-stream.ts';
import { openSession } from './session.ts';
import type { SentFrame } from './unconfirmed-frames.ts';

export type RpcClient = {
  /**
   * Calls a method and resolves with its result. Calls may overlap. The values of a stream come as one array.
   * @throws the handler's error, ERR_LAUNCHPOOL_CONNECTION_CLOSED, ERR_LAUNCHPOOL_CALL_TIMEOUT, or the signal's reason
   */
  call(method: string, params: readonly unknown[], options?: CallOptions): Promise<unknown>;
  /** As `call`; its values are read as they come if the result is a stream. */
  open(method: string, params: readonly unknown[], options?: CallOptions): AgentCall;
  /** Sends a notification, which has no reply. */
  notify(method: string, params: readonly unknown[]): void;
  /** Whether the connection is closed. */
  readonly closed: boolean;
  /** Closes the connection and rejects the open calls. */
  close(): void;
};

type OpenCall = {
  sent: SentFrame;
  stream: IncomingStream | undefined;
  onProgress: CallOptions['onProgress'];
  /** The parameters that are streams. */
  outgoing: readonly OutgoingStream[];
  resolve: (result: unknown) => void;
  reject: (reason: unknown) => void;
};

/** A call that has been sent, or could not be. */
type StartedCall = {
  result: Promise<unknown>;
  id: number;
  /** Ends the call early. */
  cancel: (settle: (call: OpenCall) => void) => void;
};

/** @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED, ERR_LAUNCHPOOL_SOCKET_OWNER, the ERR_LAUNCHPOOL_AUTH_* codes */
export async function connectRpc(target: string, options: ConnectOptions = {}): Promise<RpcClient> {
  const openCalls = new Map<number, OpenCall>();
  let lastId = 0;
  let closeReason: LaunchpoolError | undefined;
  const session = await openSession(target, options, { onFrame, onClose: rejectAll });

  function onFrame(payload: Buffer): void {
    try {
      for (const reply of decodeReplies(payload)) {
        if ('values' in reply) takeItems(reply, payload.length);
        else if ('progress' in reply) report(reply);
        else if ('credit' in reply) giveCredit(reply);
        else settle(reply);
      }
    } catch (error) {
      rejectAll(error as LaunchpoolError);
      session.close();
    }
  }

  function takeItems({ id, values }: RpcItems, bytes: number): void {
    const call = openCalls.get(id as number);
    if (call === undefined) return;
    // It runs: it is not sent to another process of the agent.
    session.markAnswered(call.sent);
    call.stream?.onItems(values, bytes);
  }

  function report({ id, progress }: RpcProgress): void {
    const onProgress = openCalls.get(id as number)?.onProgress;
    // An error of the caller's own function is not one of the connection.
    if (onProgress !== undefined) queueMicrotask(() => onProgress(progress));
  }

  function giveCredit({ id, stream, credit }: RpcParamCredit): void {
    const call = openCalls.get(id as number);
    if (call !== undefined) session.markAnswered(call.sent);
    const outgoing = call?.outgoing[stream];
    if (credit === undefined) outgoing?.stop();
    else outgoing?.give(credit);
  }

  function settle(response: RpcResponse): void {
    if (response.id === null && 'error' in response) {
      // The agent could not read the id of the request that failed, so no open call can be relied on.
      throw response.error;
    }
    const call = openCalls.get(response.id as number);
    if (call === undefined) return;
    session.markAnswered(call.sent);
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
    stream: IncomingStream | undefined,
  ): StartedCall {
    if (closeReason !== undefined) throw closeReason;
    if (callOptions.signal?.aborted) throw callOptions.signal.reason;
    const id = lastId + 1;
    const { onProgress } = callOptions;
    const timeoutMs = timeoutForAgent(callOptions);
    const outgoing: OutgoingStream[] = [];
    const send = (notification: Buffer): void => session.sendIfConnected(notification);
    const values = params.map((param) => {
      if (streamParamOf(param) !== undefined) throw reservedParam();
      if (!isStreamParam(param)) return param;
      outgoing.push(new OutgoingStream(id, outgoing.length, param, send));
      return streamParam(outgoing.length - 1);
    });
    const text = encodeRequest(id, method, values, timeoutMs, stream && WINDOW, onProgress ? true : undefined);
    lastId = id;
    const { promise, resolve, reject: rejectCall } = Promise.withResolvers<unknown>();
    if (openCalls.size === 0) session.keepAlive(true);
    const sent = session.send(Buffer.from(text));
    const call = { sent, stream, onProgress, outgoing, resolve, reject: rejectCall };
    openCalls.set(id, call);
    const cancel: StartedCall['cancel'] = (settleCall) => {
      session.discard(sent);
      remove(id);
      session.sendIfConnected(Buffer.from(encodeCancel(id)));
      stopParams(call);
      settleCall(call);
    };
    const onLimit = (reason: unknown): void => cancel(() => reject(call, reason));
    const result = limitCall(promise, method, callOptions, onLimit, AGENT_REPLY_MARGIN_MS);
    return { result, id, cancel };
  }

  return {
    async call(method, params, callOptions = {}) {
      return start(method, params, callOptions, undefined).result;
    },
    open(method, params, callOptions = {}) {
      let started: StartedCall | undefined;
      const stream = new IncomingStream(method, {
        more: (credit) => {
          if (started !== undefined) session.sendIfConnected(Buffer.from(moreText(started.id, credit)));
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
    notify(method, params) {
      if (closeReason !== undefined) throw closeReason;
      if (params.some(isStreamParam)) throw streamInNotification();
      session.send(Buffer.from(encodeRequest(undefined, method, params)), true);
    },
    get closed() {
      return closeReason !== undefined;
    },
    close: session.close,
  };
}

function reservedParam(): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_PARAMS_INVALID', 'an object with "$stream" alone stands for a stream', {
    hint: 'Put it into another object or an array.',
  });
}

function streamInNotification(): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_PARAMS_INVALID', 'a notification has no parameter that is a stream', {
    hint: 'Call the method: nothing says when a notification has read a stream.',
  });
}
