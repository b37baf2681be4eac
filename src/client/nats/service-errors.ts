/** The errors of a session on NATS, with their hints. */
import { LaunchpoolError } from '../../../wire/errors.ts';

/** The error of a request whose instance is lost: only the caller knows whether it may run twice. */
export function outcomeUnknown(place: string, instance: string, cause: unknown): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_OUTCOME_UNKNOWN',
    `the instance ${instance} of ${place} was lost before its reply: the request may have run`,
    {
      cause,
      data: { instance },
      hint: 'Ask the service what has happened. A request that may run twice is repeated with the option repeatable.',
    },
  );
}

/** No instance answers: nothing was sent. */
export function noInstance(place: string, cause?: unknown): LaunchpoolError {
  const detail = cause instanceof Error ? `: ${cause.message}` : '';
  return new LaunchpoolError('ERR_LAUNCHPOOL_CONNECT_FAILED', `no instance of ${place} answers${detail}`, {
    cause,
    hint: 'Start one with `launchpool serve`, and check the name, the account and its permissions.',
  });
}

/** No instance takes a conversation: they are busy, or there is none. Nothing was sent. */
export function noneFor(place: string, cause: unknown): LaunchpoolError {
  const isBusy = cause instanceof LaunchpoolError && cause.code === 'ERR_LAUNCHPOOL_BUSY';
  return isBusy ? cause : noInstance(place, cause);
}

/** All instances are full, and so is the queue of this client. */
export function allBusy(place: string, waiting: number): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_BUSY',
    `all instances of ${place} are full, and ${waiting} requests of this client wait`,
    { data: { retryAfterMs: 100 }, hint: 'Wait, send less at a time, or start more instances.' },
  );
}

/** The connection to NATS is closed, and is not made again. */
export function natsClosed(place: string, cause: unknown): LaunchpoolError {
  const detail = cause instanceof Error ? `: ${cause.message}` : '';
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_CONNECTION_CLOSED',
    `the connection to NATS for ${place} is closed${detail}`,
    { cause, hint: 'Check that a NATS server runs, and that the credentials are valid.' },
  );
}
