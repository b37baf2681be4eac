/** A service on NATS, over one connection: finds its instances, and opens links to them. */

import { setTimeout as wait } from 'node:timers/promises';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { lost } from '../../nats/link.ts';
import type { NatsConnection } from '../../nats/nats-types.ts';
import { type ClientLink, openLink } from '../../nats/open-link.ts';
import { askInstances, type ServiceInfo } from './discovery.ts';
import { createKeepAlive } from './keep-alive.ts';
import type { Service } from './service.ts';
import { natsClosed } from './service-errors.ts';

export type NatsServiceOptions = {
  nats: NatsConnection;
  /** The name of the service. */
  name: string;
  /** For errors and people. */
  place: string;
  /** Whether the connection is closed with the service; another one belongs to its maker, and keeps the process alive. */
  isOwned: boolean;
  /** See ConnectOptions. @default 900 */
  lostAfterMs?: number | undefined;
};

const LOST_AFTER_MS = 900;
/** How long links may take to send the rest when the client is closed. */
const CLOSE_MS = 1_000;
/** How long an instance may take to take a conversation. */
const OPEN_MS = 2_000;
/** Pings in this time. */
const PINGS = 6;
/** How long the connection to NATS may be interrupted before the links count as lost: its library tries again after 200 ms. */
const INTERRUPTED_MS = 700;

/** Pings are sent six times in this time. */
const MIN_LOST_AFTER_MS = 60;
/** A timer takes no more. */
const MAX_LOST_AFTER_MS = 2 ** 31 - 1;

/** The instances of launchpool have it among the facts of their service. */
export const LAUNCHPOOL_FACT = 'launchpool';

export function createNatsService(options: NatsServiceOptions): Service {
  const { nats, name, place, isOwned, lostAfterMs = LOST_AFTER_MS } = options;
  const inboxPrefix = inboxPrefixOf(nats);
  const heartbeat = { busyMs: lostAfterMs / PINGS, busyMissed: PINGS };
  const links = new Set<ClientLink>();
  const service: Service = {
    place,
    onClose: undefined,
    discover: (onFound) =>
      askInstances<ServiceInfo>(nats, { verb: 'INFO', name, inboxPrefix }, ({ id, metadata }) => {
        if (metadata?.[LAUNCHPOOL_FACT] !== undefined) onFound(id);
      }),
    async open(instance) {
      const link = await openLink(nats, {
        name,
        instance,
        inboxPrefix,
        heartbeat,
        openMs: Math.max(OPEN_MS, lostAfterMs),
      });
      links.add(link);
      link.stream.once('close', () => links.delete(link));
      return link;
    },
    keepAlive: isOwned ? createKeepAlive(nats) : () => undefined,
    close() {
      service.onClose = undefined;
      stopFollowing();
      stopWatching();
      if (isOwned) void closeAfterLinks(nats, links);
    },
  };
  const stopFollowing = followConnection(nats, links);
  const stopWatching = onClosed(nats, (cause) => service.onClose?.(natsClosed(place, cause)));
  return service;
}

type OnClosed = (cause: Error | undefined) => void;
/** One reaction to the promise of each connection: a promise keeps those of clients that are closed. */
const watched = new WeakMap<NatsConnection, Set<OnClosed>>();

/** Calls back when the connection is closed for good. @returns what ends that. */
function onClosed(nats: NatsConnection, callback: OnClosed): () => void {
  let callbacks = watched.get(nats);
  if (callbacks === undefined) {
    const all = new Set<OnClosed>();
    watched.set(nats, all);
    void nats.closed().then((cause) => {
      for (const each of all) each(cause ?? undefined);
    });
    callbacks = all;
  }
  const current = callbacks.add(callback);
  return () => void current.delete(callback);
}

/**
 * Links say that they close. A write of the library that is under way when its connection closes would be an error that nothing
 * catches, so the connection is closed after them.
 */
async function closeAfterLinks(nats: NatsConnection, links: ReadonlySet<ClientLink>): Promise<void> {
  const closed = [...links].map(({ stream }) => new Promise((resolve) => stream.once('close', resolve)));
  await Promise.race([Promise.all(closed), wait(CLOSE_MS, undefined, { ref: false })]);
  for (const { stream } of links) stream.destroy();
  await new Promise(setImmediate);
  await nats.close();
}

/**
 * While the connection is interrupted, messages may get lost. Links that are whole go on when it is made again; one that has lost
 * a message learns of it by the answer to a ping.
 */
function followConnection(nats: NatsConnection, links: ReadonlySet<ClientLink>): () => void {
  const events = nats.status();
  let timer: NodeJS.Timeout | undefined;
  async function follow(): Promise<void> {
    for await (const { type } of events) {
      if (type === 'disconnect')
        timer ??= setTimeout(() => {
          for (const { stream } of links) stream.destroy(lost('the connection to NATS is interrupted'));
        }, INTERRUPTED_MS);
      if (type !== 'reconnect') continue;
      clearTimeout(timer);
      timer = undefined;
      for (const { stream } of links) stream.ping(true);
    }
    clearTimeout(timer);
  }
  void follow();
  return () => events.stop();
}

/** A shorter time than that of a few pings would make every instance a lost one. @throws ERR_LAUNCHPOOL_OPTION_INVALID */
export function checkLostAfter(ms: number = LOST_AFTER_MS): void {
  if (ms >= MIN_LOST_AFTER_MS && ms <= MAX_LOST_AFTER_MS) return;
  const text = `lostAfterMs is a number of milliseconds from ${MIN_LOST_AFTER_MS} to ${MAX_LOST_AFTER_MS}, not ${ms}`;
  throw new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', text);
}

/** Permissions of the account may name the subjects on which its clients receive. */
export function inboxPrefixOf(nats: NatsConnection): string {
  const { options } = nats as { options?: { inboxPrefix?: string } };
  return options?.inboxPrefix ?? '_INBOX';
}
