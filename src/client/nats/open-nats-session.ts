/** Opens a session with a service on NATS. */
import type { ConnectOptions } from '../connect-options.ts';
import type { Session, SessionEvents } from '../session-types.ts';

export async function openNatsSession(
  _target: string,
  _options: ConnectOptions,
  _events: SessionEvents,
): Promise<Session> {
  throw new Error('not yet');
}
