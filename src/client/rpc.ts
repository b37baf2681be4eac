/** The client of an RPC agent: matches replies to calls by id. */
import type { LaunchpoolError } from '../../wire/errors.ts';
import { decodeResponses, encodeCancel, encodeRequest, type RpcResponse } from '../../wire/json-rpc-call.ts';
import { AGENT_REPLY_MARGIN_MS, type CallOptions, limitCall, timeoutForAgent } from './call-options.ts';
import type { ConnectOptions } from './connect-options.ts';
import { openSession } from './session.ts';
import type { SentFrame } from './unconfirmed-frames.ts';

export type RpcClient = {
  /**
   * Calls a method and resolves with its result. Calls may overlap.
   * @throws the handler's error, ERR_LAUNCHPOOL_CONNECTION_CLOSED, ERR_LAUNCHPOOL_CALL_TIMEOUT, or the signal's reason
   */
  call(method: string, params: readonly unknown[], options?: CallOptions): Promise<unknown>;
  /** Sends a notification, which has no reply. */
  notify(method: string, params: readonly unknown[]): void;
  /** Whether the connection is closed. */
  readonly closed: boolean;
  /** Closes the connection and rejects the open calls. */
  close(): void;
};

type OpenCall = { sent: SentFrame; resolve: (result: unknown) => void; reject: (reason: unknown) => void };

/** @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED, ERR_LAUNCHPOOL_SOCKET_OWNER, the ERR_LAUNCHPOOL_AUTH_* codes */
export async function connectRpc(target: string, options: ConnectOptions = {}): Promise<RpcClient> {
  const openCalls = new Map<number, OpenCall>();
  let lastId = 0;
  let closeReason: LaunchpoolError | undefined;
  const session = await openSession(target, options, { onFrame, onClose: rejectAll });

  function onFrame(payload: Buffer): void {
    try {
      decodeResponses(payload).forEach(settle);
    } catch (error) {
      rejectAll(error as LaunchpoolError);
      session.close();
    }
  }

  function settle(response: RpcResponse): void {
    if (response.id === null && 'error' in response) {
      // The agent could not read the id of the request that failed, so no open call can be relied on.
      throw response.error;
    }
    const call = openCalls.get(response.id as number);
    if (call !== undefined) session.markAnswered(call.sent);
    remove(response.id as number);
    if ('error' in response) call?.reject(response.error);
    else call?.resolve(response.result);
  }

  function remove(id: number): void {
    if (openCalls.delete(id) && openCalls.size === 0) session.keepAlive(false);
  }

  function rejectAll(reason: LaunchpoolError): void {
    closeReason ??= reason;
    for (const { reject } of openCalls.values()) reject(closeReason);
    openCalls.clear();
  }

  return {
    call(method, params, callOptions = {}) {
      if (closeReason !== undefined) return Promise.reject(closeReason);
      if (callOptions.signal?.aborted) return Promise.reject(callOptions.signal.reason);
      const id = lastId + 1;
      let request: Buffer;
      try {
        request = Buffer.from(encodeRequest(id, method, params, timeoutForAgent(callOptions)));
      } catch (error) {
        return Promise.reject(error);
      }
      lastId = id;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      if (openCalls.size === 0) session.keepAlive(true);
      const sent = session.send(request);
      openCalls.set(id, { sent, resolve, reject });
      return limitCall(
        promise,
        method,
        callOptions,
        (reason) => {
          session.discard(sent);
          remove(id);
          session.sendIfConnected(Buffer.from(encodeCancel(id)));
          reject(reason);
        },
        AGENT_REPLY_MARGIN_MS,
      );
    },
    notify(method, params) {
      if (closeReason !== undefined) throw closeReason;
      session.send(Buffer.from(encodeRequest(undefined, method, params)), true);
    },
    get closed() {
      return closeReason !== undefined;
    },
    close: session.close,
  };
}
