/** Opens a session with a service on NATS. */
import { withoutCredentials } from '../../../wire/address.ts';
import type { NatsConnection } from '../../nats/nats-types.ts';
import type { ConnectOptions } from '../connect-options.ts';
import type { Session, SessionEvents } from '../session-types.ts';
import { createNatsService } from './nats-service.ts';
import { openServiceSession } from './nats-session.ts';

/**
 * Resolves when one instance can be called.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_CONNECT_FAILED, the ERR_LAUNCHPOOL_AUTH_* codes
 */
export async function openNatsSession(
  target: string,
  options: ConnectOptions,
  events: SessionEvents,
): Promise<Session> {
  const nats = options.nats as NatsConnection;
  const name = target.slice(target.lastIndexOf('/') + 1);
  const place = withoutCredentials(target);
  return openServiceSession(createNatsService({ nats, name, place, isOwned: false }), options, events);
}
