/** Runs a request whose result is a stream: sends its values, or collects them for one reply. */
import type { IdText } from '../../wire/id-text.ts';
import { type Encoded, encodeResponse } from '../../wire/response.ts';
import type { StreamCredit } from '../../wire/stream.ts';
import type { LateReplies } from '../late-replies.ts';
import type { ValueForm } from '../message-codec.ts';
import type { RequestKey, Requests } from '../requests.ts';
import { type Stream, sourceOf } from './is-stream.ts';
import { ItemCollector } from './item-collector.ts';
import { ItemSender } from './item-sender.ts';
import { takeValues } from './take-values.ts';

export type StreamOptions = {
  requests: Requests;
  lateReplies: Pick<LateReplies, 'add'>;
  maxReplyBytes: number;
};

export type StreamRequest = {
  key: RequestKey;
  /** Undefined for a notification. */
  id: IdText | undefined;
  form: ValueForm;
  /** Undefined for a caller that asks for one reply. */
  credit: StreamCredit | undefined;
};

/** The response, or the value that is to be the result of the response; undefined if the request was cancelled. */
export type StreamOutcome = { response: Encoded } | { result: unknown } | undefined;

/** @throws what the source throws, or ERR_LAUNCHPOOL_RESULT_INVALID */
export async function runStream(
  stream: Stream,
  { key, id, form, credit }: StreamRequest,
  { requests, lateReplies, maxReplyBytes }: StreamOptions,
): Promise<StreamOutcome> {
  const source = sourceOf(stream);
  if (id === undefined || credit === undefined) {
    const collector = new ItemCollector(form, id === undefined ? undefined : maxReplyBytes);
    const { isStopped } = await takeValues(source, collector, requests, key);
    if (isStopped) return undefined;
    return id === undefined ? { result: undefined } : { response: encodeResponse(id, collector.all) };
  }
  const sender = new ItemSender({ key, id, form, credit, lateReplies, maxReplyBytes });
  try {
    const { isStopped, result } = await takeValues(source, sender, requests, key);
    return isStopped ? undefined : { result };
  } finally {
    await sender.end();
  }
}
