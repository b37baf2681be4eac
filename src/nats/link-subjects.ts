/** The subjects of an instance of a service. A client publishes to them; permissions of NATS can name them. */

export type InstanceId = { name: string; instance: string };

export function openSubject({ name, instance }: InstanceId): string {
  return `launchpool.${name}.${instance}.open`;
}

/** @param link the id of a link, or `*`. */
export function linkSubject({ name, instance }: InstanceId, link: string): string {
  return `launchpool.${name}.${instance}.c.${link}`;
}

/** The last token of a subject. */
export function lastToken(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1);
}

/** The version of what `open` asks and answers, and of the messages of a link. */
export const LINK_VERSION = 1;

/** Where the reply to `open` goes is the subject of its client, with this token. */
export const OPEN_TOKEN = 'open';

/** A side that could ask for more would have the other one send without limits. */
export const MAX_WINDOW_BYTES = 16_777_216;
const MAX_TOKEN = 64;

export type OpenRequest = { version: number; window: number };
export type OpenReply = OpenRequest & { link: string; places: number };

/** Undefined for bytes that are not such an object, or one of another version. */
export function parseOpen<Message extends OpenRequest>(bytes: Uint8Array): Message | undefined {
  try {
    const message = JSON.parse(Buffer.from(bytes).toString()) as Message;
    const { version, window } = message;
    return version === LINK_VERSION && isNumber(window, 1, MAX_WINDOW_BYTES) ? message : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined for bytes that are no reply to `open`. */
export function parseOpenReply(bytes: Uint8Array): OpenReply | undefined {
  const reply = parseOpen<OpenReply>(bytes);
  return reply !== undefined && isToken(reply.link) && isNumber(reply.places, 0) ? reply : undefined;
}

/** Whether it can be the id of an instance or of a link: a part of a subject. */
export function isToken(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_TOKEN && /^[\w-]+$/.test(value);
}

function isNumber(value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): boolean {
  return Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;
}
