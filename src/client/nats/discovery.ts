/** Asks which instances of a service there are: `$SRV.INFO.NAME`, to which each of them answers. */
import { randomBytes } from 'node:crypto';
import { type NatsMessage, type NatsWire, NO_RESPONDERS } from '../../nats/nats-types.ts';

/** How long the first answer may take: an instance on a loaded machine is slow. Without any instance, the NATS server says so at once. */
const FIRST_MS = 5_000;
/** Instances that answer later than this after the one before are found by the next search. */
const QUIET_MS = 150;

/** What an instance says of itself: https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-32.md */
export type ServiceInfo = {
  name: string;
  id: string;
  version: string;
  description?: string;
  metadata?: Record<string, string>;
  endpoints?: readonly { name: string; subject: string; metadata?: Record<string, string> }[];
};

export type Question = {
  /** What is asked for: INFO or STATS. */
  verb: 'INFO' | 'STATS';
  name: string;
  /** The prefix of the subjects on which this client receives. */
  inboxPrefix: string;
};

/**
 * Resolves when the instances have had time to answer, at once if there is none.
 * @param onAnswer called for each answer as it arrives.
 */
export function askInstances<Answer extends { id: string }>(
  nats: NatsWire,
  { verb, name, inboxPrefix }: Question,
  onAnswer: (answer: Answer) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const inbox = `${inboxPrefix}.${randomBytes(12).toString('base64url')}`;
  const subscription = nats.subscribe(inbox, { callback: onMessage });
  let timer = setTimeout(end, FIRST_MS);

  function end(): void {
    clearTimeout(timer);
    subscription.unsubscribe();
    resolve();
  }

  function onMessage(error: Error | null, message: NatsMessage): void {
    const answer = error === null ? readAnswer<Answer>(message.data) : undefined;
    if (error !== null) {
      clearTimeout(timer);
      subscription.unsubscribe();
      reject(error);
    } else if (message.headers?.code === NO_RESPONDERS && message.data.length === 0) end();
    else if (answer !== undefined) {
      clearTimeout(timer);
      timer = setTimeout(end, QUIET_MS);
      onAnswer(answer);
    }
  }

  nats.publish(`$SRV.${verb}.${name}`, new Uint8Array(), { reply: inbox });
  return promise;
}

/** Undefined for what is no answer of an instance. */
function readAnswer<Answer extends { id: string }>(bytes: Uint8Array): Answer | undefined {
  try {
    const answer = JSON.parse(Buffer.from(bytes).toString()) as Answer | null;
    return typeof answer?.id === 'string' ? answer : undefined;
  } catch {
    return undefined;
  }
}
