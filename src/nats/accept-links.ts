/** The server's side of links: accepts those of one instance, and ends those whose client is gone. */
import { randomBytes } from 'node:crypto';
import { DEFAULT_WINDOW_BYTES, Link, lost } from './link.ts';
import { encodeClose, encodeMessage, KINDS, limitPlaces } from './link-message.ts';
import {
  type InstanceId,
  LINK_VERSION,
  lastToken,
  linkSubject,
  OPEN_TOKEN,
  type OpenReply,
  type OpenRequest,
  openSubject,
  parseOpen,
} from './link-subjects.ts';
import type { NatsMessage, NatsWire } from './nats-types.ts';
import { isUndelivered, replyOf, subscribe } from './subscribe.ts';

export type AcceptOptions = InstanceId & {
  /** Takes over a new link. */
  onLink: (link: Link) => void;
  /** The number of requests that could start now: a hint for clients. */
  places: () => number;
  /** How many bytes of requests may arrive on a link before they are read. @default 1 MiB */
  windowBytes?: number | undefined;
  /** Between two checks of the links, in milliseconds. @default 1000 */
  checkMs?: number | undefined;
};

export type AcceptedLinks = {
  readonly links: ReadonlySet<Link>;
  /** Takes no further links; those that are open go on. A client that opens one learns at once that there is no instance. */
  stop(): Promise<void>;
  /** Ends all links. */
  close(): void;
};

const CHECK_MS = 1_000;
/** Checks without a message of the client: one that pings every 3 seconds, and may be busy with something else for longer. */
const MAX_MISSED = 30;

export function acceptLinks(nats: NatsWire, options: AcceptOptions): AcceptedLinks {
  const { onLink, places, windowBytes = DEFAULT_WINDOW_BYTES, checkMs = CHECK_MS } = options;
  const links = new Map<string, Link>();
  const missed = new WeakMap<Link, number>();
  const messages = subscribe(nats, linkSubject(options, '*'), onMessage);
  const opens = subscribe(nats, openSubject(options), onOpen);
  const timer = setInterval(() => [...links.values()].forEach(check), checkMs).unref();

  function onOpen(error: Error | null, message: NatsMessage): void {
    const reply = error === null ? replyOf(message) : undefined;
    if (reply === undefined || lastToken(reply) !== OPEN_TOKEN) return;
    const request = parseOpen<OpenRequest>(message.data);
    const id = randomBytes(16).toString('base64url');
    const answer: OpenReply = { version: LINK_VERSION, link: id, window: windowBytes, places: limitPlaces(places()) };
    // A client of another version learns which one this is.
    const isAnswered = respond(reply, Buffer.from(JSON.stringify(request ? answer : { version: LINK_VERSION })));
    if (isAnswered && request !== undefined) add(id, reply, request.window);
  }

  /** False if the connection is closed. */
  function respond(reply: string, bytes: Uint8Array): boolean {
    try {
      nats.publish(reply, bytes);
      return true;
    } catch {
      return false;
    }
  }

  function add(id: string, reply: string, sendWindow: number): void {
    // Where the client receives: beside the subject of the reply, which no permission lets another one choose.
    const inbox = `${reply.slice(0, -OPEN_TOKEN.length)}s`;
    const own = linkSubject(options, id);
    const link = new Link({
      // With a subject for a reply, the NATS server tells at once when the client is gone.
      publish: (bytes) => nats.publish(inbox, bytes, bytes[0] === KINDS.ping ? { reply: own } : undefined),
      receiveWindow: windowBytes,
      sendWindow,
      maxPayload: nats.info?.max_payload,
      places,
      onClosed: () => links.delete(id),
    });
    // The owner listens to `close`; an error is no fault of this process.
    link.on('error', () => undefined);
    links.set(id, link);
    onLink(link);
  }

  function onMessage(error: Error | null, message: NatsMessage): void {
    if (error !== null) return;
    const link = links.get(lastToken(message.subject));
    const reply = replyOf(message);
    if (isUndelivered(message)) link?.onUndelivered();
    else if (link !== undefined) link.receive(message.data);
    else if (reply !== undefined)
      respond(reply, encodeMessage(KINDS.close, 0, encodeClose(undefined, 'it is not known here')));
  }

  /** A client with open calls pings several times in a second: after one without a message, a ping finds out whether it is there. */
  function check(link: Link): void {
    if (link.isComplete) return;
    const count = link.wasHeard ? 0 : (missed.get(link) ?? 0) + 1;
    link.wasHeard = false;
    missed.set(link, count);
    if (count >= MAX_MISSED) link.destroy(lost('the client does not answer'));
    else if (count > 0 && link.otherIsBusy) link.ping(false);
  }

  return {
    get links() {
      return new Set(links.values());
    },
    async stop() {
      await opens.drain();
    },
    close() {
      clearInterval(timer);
      for (const link of links.values()) link.destroy();
      opens.unsubscribe();
      messages.unsubscribe();
    },
  };
}
