/** A NATS server in memory, for tests of links: subjects with `*`, replies, and the status of a subject without a subscriber. */
import type { NatsMessage, NatsWire } from '../../src/nats/nats-types.ts';

type Subscriber = { pattern: RegExp; callback: (error: Error | null, message: NatsMessage) => void };
type Published = Pick<NatsMessage, 'subject' | 'data'>;

export type NatsDouble = NatsWire & {
  /** Messages that it drops, as a server that ends. */
  drops: (message: Published) => boolean;
  /** All that was published. */
  readonly published: Published[];
  readonly subscriptions: number;
};

export function createNatsDouble({ maxPayload = 1_048_576 } = {}): NatsDouble {
  const subscribers = new Set<Subscriber>();
  const published: Published[] = [];

  function deliver(message: NatsMessage): boolean {
    const found = [...subscribers].filter(({ pattern }) => pattern.test(message.subject));
    for (const { callback } of found) callback(null, message);
    return found.length > 0;
  }

  const double: NatsDouble = {
    info: { max_payload: maxPayload },
    drops: () => false,
    published,
    get subscriptions() {
      return subscribers.size;
    },
    publish(subject, payload, { reply } = {}) {
      if (payload.length > maxPayload) throw new Error('max_payload');
      // A real connection sends the bytes later in the same turn.
      setImmediate(() => {
        const message = { subject, data: Uint8Array.from(payload), ...(reply !== undefined && { reply }) };
        published.push(message);
        if (double.drops(message) || deliver(message) || reply === undefined) return;
        const headers = { code: 503, get: () => '', set: () => undefined };
        deliver({ subject: reply, data: new Uint8Array(), headers });
      });
    },
    subscribe(subject, { callback }) {
      const pattern = new RegExp(`^${subject.replaceAll('.', '\\.').replaceAll('*', '[^.]+')}$`);
      const subscriber = { pattern, callback };
      subscribers.add(subscriber);
      const unsubscribe = (): void => void subscribers.delete(subscriber);
      return { unsubscribe, drain: async () => unsubscribe() };
    },
  };
  return double;
}
