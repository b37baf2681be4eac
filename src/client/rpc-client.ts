/** What the client of an RPC agent can do. Types only. */
import type { AgentCall } from './agent-call.ts';
import type { CallOptions } from './call-options.ts';

export type RpcClient = {
  /**
   * Calls a method and resolves with its result. Calls may overlap. The values of a stream come as one array.
   * @throws the handler's error, ERR_LAUNCHPOOL_CONNECTION_CLOSED, ERR_LAUNCHPOOL_CALL_TIMEOUT, or the signal's reason
   */
  call(method: string, params: readonly unknown[], options?: CallOptions): Promise<unknown>;
  /** As `call`; its values are read as they come if the result is a stream. */
  open(method: string, params: readonly unknown[], options?: CallOptions): AgentCall;
  /** Sends a notification, which has no reply. Of the options, its trace counts. */
  notify(method: string, params: readonly unknown[], options?: CallOptions): void;
  /** Whether the connection is closed. */
  readonly closed: boolean;
  /** Closes the connection and rejects the open calls. */
  close(): void;
};
