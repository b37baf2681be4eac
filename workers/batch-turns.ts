/**
 * Requests of one JSON-RPC batch whose method is limited run one after another: a batch takes one place of each such method,
 * since it goes to its thread as a whole.
 */
import type { IdText } from '../wire/id-text.ts';
import type { RpcItem, RpcRequest } from '../wire/json-rpc.ts';
import type { PlainError } from '../wire/plain-error.ts';
import type { Encoded } from '../wire/response.ts';
import { needsContext } from './observed-calls.ts';
import type { RequestContext, Requests } from './requests.ts';
import { isOwnPromise, whenSettled } from './settling.ts';

type Response = Encoded | null;

export type BatchTurnsOptions = {
  /** The names of the limited methods. */
  limited: ReadonlySet<string>;
  requests: Requests;
  /** @param context of a request that has waited. */
  respond: (item: RpcItem, context?: RequestContext) => Response | Promise<Response>;
  encodeError: (id: IdText, error: PlainError) => Encoded;
};

/** The function that responds to the requests of one batch, in their order. */
export function inTurns({ limited, requests, respond, encodeError }: BatchTurnsOptions): BatchTurnsOptions['respond'] {
  /** By method: the response of the last request, while it is awaited. */
  const last = new Map<string, Promise<Response>>();

  function respondAfter(before: Promise<Response>, item: RpcRequest): Promise<Response> {
    // Now: the memory that it is read from may have another use after an await.
    const key = requests.present();
    const context = needsContext(item, requests) ? requests.newContext(item) : undefined;
    return whenSettled<Response, Response | Promise<Response>>(before, () => {
      const reason = requests.reasonOf(key);
      if (reason !== undefined) return item.id === undefined ? null : encodeError(item.id, reason);
      requests.enter(key.ticket, key.index);
      const response = respond(item, context);
      requests.leave();
      return response;
    }) as Promise<Response>;
  }

  return (item) => {
    if ('error' in item || !limited.has(item.method)) return respond(item);
    const before = last.get(item.method);
    const response = before === undefined ? respond(item) : respondAfter(before, item);
    if (isOwnPromise(response)) last.set(item.method, response);
    return response;
  };
}
