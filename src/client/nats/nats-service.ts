/** A service on NATS, over one connection: finds its instances, and opens links to them. */
import type { NatsConnection } from '../../nats/nats-types.ts';
import { openLink } from '../../nats/open-link.ts';
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
};

/** The instances of launchpool have it among the facts of their service. */
export const LAUNCHPOOL_FACT = 'launchpool';

export function createNatsService({ nats, name, place, isOwned }: NatsServiceOptions): Service {
  const inboxPrefix = inboxPrefixOf(nats);
  const service: Service = {
    place,
    onClose: undefined,
    discover: (onFound) =>
      askInstances<ServiceInfo>(nats, { verb: 'INFO', name, inboxPrefix }, ({ id, metadata }) => {
        if (metadata?.[LAUNCHPOOL_FACT] !== undefined) onFound(id);
      }),
    open: (instance) => openLink(nats, { name, instance, inboxPrefix }),
    keepAlive: isOwned ? createKeepAlive(nats) : () => undefined,
    close() {
      service.onClose = undefined;
      if (isOwned) void nats.close();
    },
  };
  nats.closed().then((cause) => service.onClose?.(natsClosed(place, cause)));
  return service;
}

/** Permissions of the account may name the subjects on which its clients receive. */
export function inboxPrefixOf(nats: NatsConnection): string {
  const { options } = nats as { options?: { inboxPrefix?: string } };
  return options?.inboxPrefix ?? '_INBOX';
}
