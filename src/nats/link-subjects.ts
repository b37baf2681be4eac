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

export type OpenRequest = { version: number; window: number };
export type OpenReply = { version: number; link: string; window: number; places: number };

/** Undefined for bytes that are not such an object. */
export function parseOpen<Message extends OpenRequest>(bytes: Uint8Array): Message | undefined {
  try {
    const message = JSON.parse(Buffer.from(bytes).toString()) as Message;
    const { version, window } = message;
    return version === LINK_VERSION && Number.isSafeInteger(window) && window > 0 ? message : undefined;
  } catch {
    return undefined;
  }
}
