/** Parameters that are streams: their values come in notifications, at the pace at which the handler reads them. */

import { fromPlain, LaunchpoolError } from '../../wire/errors.ts';
import type { IdText } from '../../wire/id-text.ts';
import { readError } from '../../wire/json-rpc-call.ts';
import { ReceivedValues, WINDOW } from '../../wire/received-values.ts';
import { encodeMessage, encodeNotification } from '../../wire/response.ts';
import { MORE_METHOD, STOP_METHOD, type StreamCredit, streamParamOf } from '../../wire/stream.ts';
import type { LateReplies } from '../late-replies.ts';
import { decodeValue } from '../message-codec.ts';
import { keyOf, type RequestKey, type Requests } from '../requests.ts';

export type IncomingParams = {
  /** The parameters of a request, with an async iterable in place of each stream. */
  open(params: readonly unknown[], id: IdText, key: RequestKey): unknown[];
  /** Values of a stream, or its end, have arrived. */
  receive(key: RequestKey, payload: Uint8Array): void;
  /** The request has an outcome. */
  close(key: RequestKey): void;
};

type Received = { params?: { stream?: unknown; values?: unknown; end?: unknown; error?: unknown } };

export function createIncomingParams(requests: Requests, lateReplies: Pick<LateReplies, 'add'>): IncomingParams {
  /** By request, then by the number of the stream. */
  const open = new Map<string, Map<number, IncomingParam>>();

  return {
    open(params, id, key) {
      const streams = new Map<number, IncomingParam>();
      const send: Send = (method, params) =>
        lateReplies.add({ ...key, reply: encodeMessage(encodeNotification(id, method, params)), stream: 'notice' });
      const opened = params.map((param) => {
        const number = streamParamOf(param);
        if (number === undefined) return param;
        if (streams.has(number)) throw invalid(`two parameters are the stream ${number}`);
        const stream = new IncomingParam(number, send);
        streams.set(number, stream);
        return stream.values();
      });
      if (streams.size === 0) return opened;
      open.set(keyOf(key.ticket, key.index), streams);
      requests.onCancel(key, () => {
        const error = new LaunchpoolError('ERR_LAUNCHPOOL_CANCELLED', 'the request was cancelled');
        for (const stream of streams.values()) stream.fail(error);
      });
      return opened;
    },
    receive(key, payload) {
      const streams = open.get(keyOf(key.ticket, key.index));
      if (streams === undefined) return;
      try {
        const { params } = decodeValue(payload) as Received;
        const { stream, ...values } = Object(params) as NonNullable<Received['params']>;
        streams.get(stream as number)?.receive(values, payload.length);
      } catch {
        const error = new LaunchpoolError('ERR_LAUNCHPOOL_PARSE', 'the values of a stream cannot be read');
        for (const each of streams.values()) each.fail(error);
      }
    },
    close(key) {
      open.delete(keyOf(key.ticket, key.index));
    },
  };
}

/** Sends a notification about the request. */
type Send = (method: string, params: Record<string, unknown>) => void;

class IncomingParam {
  readonly #number: number;
  readonly #send: Send;
  readonly #received: ReceivedValues;
  /** What the caller may still send. */
  #credit: StreamCredit = { items: 0, bytes: 0 };

  constructor(number: number, send: Send) {
    this.#number = number;
    this.#send = send;
    this.#received = new ReceivedValues((credit) => this.#more(credit));
  }

  /** The caller sends nothing before the handler asks for the first value. */
  async *values(): AsyncGenerator<unknown> {
    try {
      this.#more(WINDOW);
      for (;;) {
        const step = await this.#received.next();
        if (step.done) return;
        yield step.value;
      }
    } finally {
      if (!this.#received.isOver) this.#send(STOP_METHOD, { stream: this.#number });
      this.#received.end({ result: undefined });
    }
  }

  receive({ values = [], end, error }: NonNullable<Received['params']>, bytes: number): void {
    if (this.#received.isOver) return;
    if (!Array.isArray(values)) this.fail(invalid('the values of a stream are no array'));
    else if (values.length > 0) this.#take(values, bytes);
    if (error !== undefined) this.fail(readError(error) ?? sourceFailed(error));
    else if (end === true) this.#received.end({ result: undefined });
  }

  #take(values: readonly unknown[], bytes: number): void {
    const { items, bytes: room } = this.#credit;
    this.#credit = { items: items - values.length, bytes: room - bytes };
    // One value and its frame may exceed the credit of bytes.
    if (values.length <= items && room > 0) this.#received.push({ values, bytes });
    else this.fail(invalid('a stream has more values than there was credit for'));
  }

  fail(error: LaunchpoolError): void {
    this.#received.end({ error });
  }

  #more(credit: StreamCredit): void {
    this.#credit = { items: this.#credit.items + credit.items, bytes: this.#credit.bytes + credit.bytes };
    this.#send(MORE_METHOD, { stream: this.#number, ...credit });
  }
}

function sourceFailed(error: unknown): LaunchpoolError {
  const message = typeof error === 'string' ? error : 'the source of the stream has failed';
  return fromPlain({ name: 'Error', message });
}

function invalid(what: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_PARAMS_INVALID', what);
}
