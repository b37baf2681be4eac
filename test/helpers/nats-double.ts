/**
 * A NATS server in memory, for tests of links: subjects with `*`, replies, and the status of a subject without a subscriber. Its
 * messages are as those of the packages of NATS, which read no more once a callback has thrown.
 */
import type { NatsHeaders, NatsMessage, NatsWire } from '../../src/nats/nats-types.ts';

type Subscriber = { pattern: RegExp; callback: (error: Error | null, message: NatsMessage) => void };
type Published = Pick<NatsMessage, 'subject' | 'data'>;

/** What a client of another make can publish. */
export type ForeignMessage = {
  subject: string;
  reply?: string;
  data?: Uint8Array | string;
  headers?: 'malformed' | number;
};

export type NatsDouble = NatsWire & {
  /** Messages that it drops, as a server that ends. */
  drops: (message: Published) => boolean;
  /** All that was published. */
  readonly published: Published[];
  readonly subscriptions: number;
  /** Why nothing arrives any more: the error of a callback, or a line that a server does not take. */
  readonly broken: unknown;
  /** Delivers a message at once. */
  inject(message: ForeignMessage): void;
};

/** https://docs.nats.io/running-a-nats-service/configuration: max_control_line */
const MAX_LINE = 4_096;

export function createNatsDouble({ maxPayload = 1_048_576 } = {}): NatsDouble {
  const subscribers = new Set<Subscriber>();
  const published: Published[] = [];
  let broken: unknown;

  function deliver(message: NatsMessage): boolean {
    const found = [...subscribers].filter(({ pattern }) => pattern.test(message.subject));
    for (const { callback } of found) {
      try {
        if (broken === undefined) callback(null, message);
      } catch (error) {
        broken = error;
      }
    }
    return found.length > 0;
  }

  const double: NatsDouble = {
    info: { max_payload: maxPayload },
    drops: () => false,
    published,
    get subscriptions() {
      return subscribers.size;
    },
    get broken() {
      return broken;
    },
    inject({ subject, reply = '', data = '', headers }) {
      deliver(messageOf(subject, reply, Buffer.from(data), headers));
    },
    publish(subject, payload, { reply = '' } = {}) {
      if (payload.length > maxPayload) throw new Error('max_payload');
      for (const each of reply === '' ? [subject] : [subject, reply])
        if (!/^[^ \n\r\t]+$/.test(each)) throw new Error(`invalid subject: ${each}`);
      // A real connection sends the bytes later in the same turn.
      setImmediate(() => {
        if (`PUB ${subject} ${reply} ${payload.length}`.length > MAX_LINE) broken = new Error('max_control_line');
        const message = messageOf(subject, reply, Uint8Array.from(payload));
        published.push(message);
        if (double.drops(message) || deliver(message) || reply === '') return;
        deliver(messageOf(reply, '', new Uint8Array(), 503));
      });
    },
    subscribe(subject, { callback }) {
      const pattern = new RegExp(`^${subject.replaceAll(/[.$]/g, '\\$&').replaceAll('*', '[^.]+')}$`);
      const subscriber = { pattern, callback };
      subscribers.add(subscriber);
      const unsubscribe = (): void => void subscribers.delete(subscriber);
      return { unsubscribe, drain: async () => unsubscribe() };
    },
  };
  return double;
}

function messageOf(
  subject: string,
  reply: string,
  data: Uint8Array,
  given?: ForeignMessage['headers'],
): NatsMessage & { reply: string } {
  return {
    subject,
    reply,
    data,
    get headers(): NatsHeaders | undefined {
      if (given === 'malformed') throw new Error("'a b' is not a valid header key");
      return given === undefined ? undefined : { code: given, get: () => '', set: () => undefined };
    },
  };
}
