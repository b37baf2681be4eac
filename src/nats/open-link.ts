/** The client's side of links: opens them, and notices when their instance answers no more. */
import { randomBytes } from 'node:crypto';
import { LaunchpoolError } from '../../wire/errors.ts';
import { DEFAULT_WINDOW_BYTES, Link, lost } from './link.ts';
import {
  type InstanceId,
  isToken,
  LINK_VERSION,
  lastToken,
  linkSubject,
  OPEN_TOKEN,
  type OpenReply,
  type OpenRequest,
  openSubject,
  parseOpenReply,
} from './link-subjects.ts';
import type { NatsMessage, NatsWire } from './nats-types.ts';
import { isUndelivered, subscribe } from './subscribe.ts';

export type OpenLinkOptions = InstanceId & {
  /** The prefix of the subjects on which this client receives. @default '_INBOX' */
  inboxPrefix?: string | undefined;
  /** How many bytes of replies may arrive before they are read. @default 1 MiB */
  windowBytes?: number | undefined;
  /** How long the instance may take to answer, in milliseconds. @default 2000 */
  openMs?: number | undefined;
  heartbeat?: Partial<Heartbeat> | undefined;
};

export type Heartbeat = {
  /** Milliseconds between two pings while calls are open. @default 150 */
  busyMs: number;
  /** And while none is. @default 3000 */
  idleMs: number;
  /** How many pings in a row may stay without any message of the instance. @default 5 while calls are open, and 2 otherwise */
  busyMissed: number;
  idleMissed: number;
};

const HEARTBEAT: Heartbeat = { busyMs: 150, idleMs: 3_000, busyMissed: 5, idleMissed: 2 };
const OPEN_MS = 2_000;
const OPEN_TICKS = 8;

export type ClientLink = {
  readonly stream: Link;
  readonly instance: string;
  /** Says whether calls are open on this link: then a lost instance is noticed within a second. */
  setBusy(on: boolean): void;
};

/**
 * Opens a link to one instance.
 * @throws ERR_LAUNCHPOOL_CONNECT_FAILED, at once if the instance has left.
 */
export async function openLink(nats: NatsWire, options: OpenLinkOptions): Promise<ClientLink> {
  const { inboxPrefix = '_INBOX', windowBytes = DEFAULT_WINDOW_BYTES, openMs = OPEN_MS, instance } = options;
  // It would be a part of subjects: anyone may have said that there is such an instance.
  if (!isToken(instance)) throw notOpened(options, 'that is not the id of an instance');
  const inbox = `${inboxPrefix}.${randomBytes(12).toString('base64url')}`;
  const { promise, resolve, reject } = Promise.withResolvers<ClientLink>();
  let stream: Link | undefined;
  const subscription = subscribe(nats, `${inbox}.*`, onMessage);
  // As for the heartbeat below: a blocked event loop counts as one tick.
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
    if (ticks === OPEN_TICKS) fail(`it has not answered within ${openMs} ms`);
  }, openMs / OPEN_TICKS);

  function fail(reason: string): void {
    clearInterval(timer);
    subscription.unsubscribe();
    reject(notOpened(options, reason));
  }

  function onFailed(error: Error): void {
    if (stream === undefined) fail(error.message);
    else stream.destroy(lost(error.message));
  }

  function onMessage(error: Error | null, message: NatsMessage): void {
    if (error !== null) onFailed(error);
    else onReceived(lastToken(message.subject), message);
  }

  function onReceived(token: string, message: NatsMessage): void {
    if (stream === undefined && token === OPEN_TOKEN) onAnswer(message);
    else if (isUndelivered(message)) stream?.onUndelivered(Number(token));
    else stream?.receive(message.data);
  }

  function onAnswer(message: NatsMessage): void {
    const reply = parseOpenReply(message.data);
    if (isUndelivered(message)) fail('it has left');
    else if (reply === undefined) fail('its answer is not one of this version of launchpool');
    else open(reply);
  }

  function open(reply: OpenReply): void {
    clearInterval(timer);
    const subject = linkSubject(options, reply.link);
    const opened = new Link({
      publish: (bytes, offset) => nats.publish(subject, bytes, { reply: `${inbox}.${offset}` }),
      receiveWindow: windowBytes,
      sendWindow: reply.window,
      maxPayload: nats.info?.max_payload,
      onClosed() {
        heartbeat.stop();
        subscription.unsubscribe();
      },
    });
    const heartbeat = createHeartbeat(opened, { ...HEARTBEAT, ...options.heartbeat });
    // Its owner listens to `close` at least.
    opened.on('error', () => undefined);
    opened.places = reply.places;
    stream = opened;
    resolve({ stream, instance, setBusy: heartbeat.setBusy });
  }

  const request: OpenRequest = { version: LINK_VERSION, window: windowBytes };
  try {
    nats.publish(openSubject(options), Buffer.from(JSON.stringify(request)), { reply: `${inbox}.${OPEN_TOKEN}` });
  } catch (error) {
    // The connection to NATS is closed for good.
    fail((error as Error).message);
  }
  return promise;
}

/**
 * Pings the other side, and destroys the link when too many pings in a row have brought nothing. It counts pings, and does not
 * look at the clock: while the event loop of this process is blocked, no ping is due, and what has arrived is read before the
 * next one.
 */
function createHeartbeat(link: Link, { busyMs, idleMs, busyMissed, idleMissed }: Heartbeat) {
  let isBusy = false;
  let isFast = false;
  let missed = 0;
  let timer = setInterval(tick, idleMs).unref();

  function setPace(toFast: boolean): void {
    if (isFast === toFast) return;
    isFast = toFast;
    missed = 0;
    clearInterval(timer);
    timer = setInterval(tick, isFast ? busyMs : idleMs).unref();
  }

  function tick(): void {
    if (link.isComplete) return;
    missed = link.wasHeard ? 0 : missed + 1;
    link.wasHeard = false;
    if (missed >= (isFast ? busyMissed : idleMissed)) link.destroy(lost('the instance does not answer'));
    link.ping(isBusy);
    // A client that calls now and then stays at the fast pace for one more ping.
    if (!isBusy) setPace(false);
  }

  return {
    setBusy(on: boolean): void {
      isBusy = on;
      if (on) setPace(true);
    },
    stop: () => clearInterval(timer),
  };
}

function notOpened({ name, instance }: InstanceId, reason: string): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_CONNECT_FAILED',
    `instance ${instance} of ${name} cannot be reached over NATS: ${reason}`,
    { hint: 'See the log of the instance; another one may answer.' },
  );
}
