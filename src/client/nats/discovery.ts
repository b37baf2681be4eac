/** Asks which instances of a service there are: `$SRV.INFO.NAME`, to which each of them answers. */
import { randomBytes } from 'node:crypto';
import { isToken } from '../../nats/link-subjects.ts';
import type { NatsMessage, NatsWire } from '../../nats/nats-types.ts';
import { isUndelivered, subscribe } from '../../nats/subscribe.ts';

/** How long the first answer may take: an instance on a loaded machine is slow. Without any instance, the NATS server says so at once. */
const FIRST_MS = 5_000;
/** Instances that answer later than this after the one before are found by the next search. */
const QUIET_MS = 150;
/** How long answers are taken after the first one. */
const ANSWERS_MS = 2_000;
/** How many answers are taken. */
const MAX_ANSWERS = 1_000;

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
 * @param onAnswer called for each answer as it arrives: one of each instance, and no more than 1000.
 */
export function askInstances<Answer extends { id: string }>(
  nats: NatsWire,
  { verb, name, inboxPrefix }: Question,
  onAnswer: (answer: Answer) => void,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const inbox = `${inboxPrefix}.${randomBytes(12).toString('base64url')}`;
  const subscription = subscribe(nats, inbox, onMessage);
  const answered = new Set<string>();
  let deadline = setTimeout(end, FIRST_MS);
  let quiet: NodeJS.Timeout | undefined;

  function end(): void {
    clearTimeout(deadline);
    clearTimeout(quiet);
    subscription.unsubscribe();
    resolve();
  }

  function fail(error: unknown): void {
    reject(error);
    end();
  }

  function onMessage(error: Error | null, message: NatsMessage): void {
    if (error !== null) fail(error);
    else if (isUndelivered(message)) end();
    else onBytes(message.data);
  }

  function onBytes(bytes: Uint8Array): void {
    const answer = readAnswer<Answer>(bytes);
    if (answer === undefined || answered.has(answer.id)) return;
    if (answered.size === 0) {
      clearTimeout(deadline);
      deadline = setTimeout(end, ANSWERS_MS);
    }
    answered.add(answer.id);
    clearTimeout(quiet);
    quiet = setTimeout(end, QUIET_MS);
    onAnswer(answer);
    if (answered.size === MAX_ANSWERS) end();
  }

  try {
    nats.publish(`$SRV.${verb}.${name}`, new Uint8Array(), { reply: inbox });
  } catch (error) {
    // The connection to NATS is closed for good.
    fail(error);
  }
  return promise;
}

/** Undefined for what is no answer of an instance. */
function readAnswer<Answer extends { id: string }>(bytes: Uint8Array): Answer | undefined {
  try {
    const answer = JSON.parse(Buffer.from(bytes).toString()) as Answer | null;
    return isToken(answer?.id) ? answer : undefined;
  } catch {
    return undefined;
  }
}
