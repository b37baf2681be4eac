/** A task as JetStream gives it to an instance, and what the instance says of it. */
import { lastToken } from '../../nats/link-subjects.ts';
import type { NatsMessage, NatsWire } from '../../nats/nats-types.ts';

export type Delivery = {
  /** The id of the task. */
  readonly id: string;
  readonly data: Uint8Array;
  /** How often the task was given to an instance, this time included. */
  readonly deliveries: number;
  /** The task has its outcome: it is removed. */
  ack(): void;
  /** The task goes to an instance again, after this time in milliseconds. */
  nak(delayMs: number): void;
  /** The instance still has it: without this, it goes to another one. */
  working(): void;
};

/** The time that JetStream waits for word of a task, in milliseconds: then its instance counts as lost. */
export const ACK_WAIT_MS = 10_000;

/**
 * Undefined for a message that is no delivery.
 *
 * Its reply subject is `$JS.ACK.STREAM.CONSUMER.DELIVERIES.…`; newer servers have two tokens before STREAM.
 * https://docs.nats.io/reference/reference-protocols/nats_api_reference#acknowledging-messages
 */
export function deliveryOf(nats: Pick<NatsWire, 'publish'>, message: NatsMessage): Delivery | undefined {
  const { subject, reply = '', data } = message;
  const tokens = reply.split('.');
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK' || tokens.length < 9) return undefined;
  const deliveries = Number(tokens[tokens.length > 9 ? 6 : 4]);
  if (!Number.isSafeInteger(deliveries) || deliveries < 1) return undefined;
  const say = (word: string): void => {
    try {
      nats.publish(reply, Buffer.from(word));
    } catch {
      // The connection is closed: the task goes to another instance.
    }
  };
  return {
    id: lastToken(subject),
    data,
    deliveries,
    ack: () => say('+ACK'),
    nak: (delayMs) => say(delayMs > 0 ? `-NAK {"delay":${Math.round(delayMs * 1e6)}}` : '-NAK'),
    working: () => say('+WPI'),
  };
}
