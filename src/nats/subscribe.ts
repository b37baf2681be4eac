/**
 * Subscriptions that no message can break. When a callback throws, the packages of NATS stop reading from their connection until
 * its pings fail, half a minute later. Anyone who may publish decides what a message has: no reply subject, one to which
 * nothing can be sent, headers that cannot be decoded.
 */
import { type NatsMessage, type NatsSubscription, type NatsWire, NO_RESPONDERS } from './nats-types.ts';

type Callback = (error: Error | null, message: NatsMessage) => void;

/** A NATS server closes the connection of a client whose line is longer than 4096 bytes: max_control_line. */
const MAX_REPLY_SUBJECT = 512;
const REPLY_SUBJECT = new RegExp(`^[^\\s]{0,${MAX_REPLY_SUBJECT}}$`, 'u');

/** Messages with a reply subject to which nothing can be sent are ignored, and so are errors of the callback. */
export function subscribe(nats: Pick<NatsWire, 'subscribe'>, subject: string, callback: Callback): NatsSubscription {
  return nats.subscribe(subject, { callback: guarded(callback) });
}

/** Has all subscriptions of a connection guarded, also those of the packages of NATS themselves. */
export function guardSubscriptions<Wire extends Pick<NatsWire, 'subscribe'>>(nats: Wire): Wire {
  const original = nats.subscribe.bind(nats);
  nats.subscribe = (subject, options) =>
    // Without a callback, messages are read from the subscription.
    original(subject, options?.callback === undefined ? options : { ...options, callback: guarded(options.callback) });
  return nats;
}

/** Where a message wants its reply; undefined for one that wants none. */
export function replyOf({ reply }: Pick<NatsMessage, 'reply'>): string | undefined {
  return reply === '' ? undefined : reply;
}

/** The status that a server has set; 0 without one, or with headers that cannot be decoded. */
export function statusOf(message: Pick<NatsMessage, 'headers'>): number {
  return headerOf(message, ({ code }) => code) ?? 0;
}

/** Whether the NATS server says that no one receives the subject of a message whose reply subject is this one's subject. */
export function isUndelivered(message: NatsMessage): boolean {
  return message.data.length === 0 && statusOf(message) === NO_RESPONDERS;
}

/** Reads from headers; undefined without any, or with some that cannot be decoded. */
export function headerOf<Value>(
  message: Pick<NatsMessage, 'headers'>,
  read: (headers: NonNullable<NatsMessage['headers']>) => Value,
): Value | undefined {
  try {
    return message.headers && read(message.headers);
  } catch {
    return undefined;
  }
}

function guarded(callback: Callback): Callback {
  let hasWarned = false;
  return (error, message) => {
    try {
      if (error === null && !REPLY_SUBJECT.test(replyOf(message) ?? '')) return;
      callback(error, message);
    } catch (fault) {
      // A fault is told once: a sender could repeat it at will.
      const text = `a subscription of NATS has failed: ${(fault as Error | undefined)?.message}`;
      if (!hasWarned) process.emitWarning(new Error(text, { cause: fault }));
      hasWarned = true;
    }
  };
}
