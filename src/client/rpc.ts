/** The client of an RPC agent: calls by id, many at once on one connection. */
import type { LaunchpoolError } from '../../wire/errors.ts';
import { decodeResponses, encodeCancel, encodeRequest, type RpcResponse } from '../../wire/json-rpc-call.ts';
import { AGENTS_LEAD_MS, type CallOptions, limitCall, timeoutForAgent } from './call-options.ts';
import { openSession, type Sent } from './session.ts';
import type { ConnectOptions } from './transport.ts';

export type RpcClient = {
  /** @throws the handler's error, ERR_LAUNCHPOOL_CONNECTION_CLOSED, ERR_LAUNCHPOOL_CALL_TIMEOUT, or the signal's reason */
  call(method: string, params: readonly unknown[], options?: CallOptions): Promise<unknown>;
  /** Sends a notification, to which there is no reply. */
  notify(method: string, params: readonly unknown[]): void;
  /** Whether the connection is gone. */
  readonly closed: boolean;
  close(): void;
};

type Pending = { sent: Sent; resolve: (result: unknown) => void; reject: (reason: unknown) => void };

/** @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED, the ERR_LAUNCHPOOL_AUTH_* codes */
export async function connectRpc(target: string, options: ConnectOptions = {}): Promise<RpcClient> {
  const pending = new Map<number, Pending>();
  let lastId = 0;
  let gone: LaunchpoolError | undefined;
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
      // The agent could not tell which call it is that it refuses, so nothing that is under way can be relied on.
      throw response.error;
    }
    const call = pending.get(response.id as number);
    if (call !== undefined) session.answered(call.sent);
    forget(response.id as number);
    if ('error' in response) call?.reject(response.error);
    else call?.resolve(response.result);
  }

  function forget(id: number): void {
    if (pending.delete(id) && pending.size === 0) session.keepAlive(false);
  }

  function rejectAll(reason: LaunchpoolError): void {
    gone ??= reason;
    for (const { reject } of pending.values()) reject(gone);
    pending.clear();
  }

  return {
    call(method, params, callOptions = {}) {
      if (gone !== undefined) return Promise.reject(gone);
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
      if (pending.size === 0) session.keepAlive(true);
      const sent = session.send(request);
      pending.set(id, { sent, resolve, reject });
      return limitCall(
        promise,
        method,
        callOptions,
        (reason) => {
          session.forget(sent);
          forget(id);
          session.tell(Buffer.from(encodeCancel(id)));
          reject(reason);
        },
        AGENTS_LEAD_MS,
      );
    },
    notify(method, params) {
      if (gone !== undefined) throw gone;
      session.send(Buffer.from(encodeRequest(undefined, method, params)), true);
    },
    get closed() {
      return gone !== undefined;
    },
    close: session.close,
  };
}
