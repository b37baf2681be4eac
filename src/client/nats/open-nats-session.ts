/** Opens a session with a service on NATS. Nothing of NATS is loaded without such a target. */
import { connectNats } from '../../nats/connect-nats.ts';
import { loadNatsPackage, type NatsLibrary } from '../../nats/library.ts';
import type { NatsConnection, NatsOptions } from '../../nats/nats-types.ts';
import { type NatsTarget, parseTarget } from '../../nats/target.ts';
import type { ConnectOptions } from '../connect-options.ts';
import type { Session, SessionEvents } from '../session-types.ts';
import { checkLostAfter, createNatsService, type NatsServiceOptions } from './nats-service.ts';
import { openServiceSession } from './nats-session.ts';

/**
 * Resolves when one instance can be called.
 * @param target such as `nats://host/name`.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID, ERR_LAUNCHPOOL_OPTION_INVALID, ERR_LAUNCHPOOL_NATS_MISSING, ERR_LAUNCHPOOL_CONNECT_FAILED, the ERR_LAUNCHPOOL_AUTH_* codes
 */
export async function openNatsSession(
  target: string,
  options: ConnectOptions,
  events: SessionEvents,
): Promise<Session> {
  const service = createNatsService(await connectTo(target, options));
  return openServiceSession(service, options, events);
}

/** A connection for a target: that of the caller, or one that is made. */
export async function connectTo(target: string, { nats, lostAfterMs }: ConnectOptions): Promise<NatsServiceOptions> {
  const parsed = parseTarget(target);
  checkLostAfter(lostAfterMs);
  const place = `nats://${parsed.servers.join(',')}/${parsed.name}`;
  const isOwned = !isConnection(nats);
  return { nats: isOwned ? await connectOwn(parsed, nats) : nats, name: parsed.name, place, isOwned, lostAfterMs };
}

async function connectOwn(target: NatsTarget, settings: NatsOptions | undefined): Promise<NatsConnection> {
  const library = await loadNatsPackage<NatsLibrary>('transport-node');
  return connectNats(target, { library, connectionName: `launchpool client of ${target.name}`, settings });
}

function isConnection(nats: ConnectOptions['nats']): nats is NatsConnection {
  return typeof nats?.publish === 'function' && typeof nats.subscribe === 'function';
}
