/** The errors of a client's connection, with their hints. */
import { LaunchpoolError } from '../../wire/errors.ts';

/** The error of the calls that are open when this client closes its connection. */
export function closedByClient(): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_CONNECTION_CLOSED', 'this client has closed the connection');
}

export function closedByAgent(path: string, cause?: Error): LaunchpoolError {
  const detail = cause === undefined ? '' : `: ${cause.message}`;
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_CONNECTION_CLOSED',
    `the agent closed the connection to ${path}${detail}`,
    {
      cause,
      hint: 'An agent closes its connections when it shuts down; a raw agent also closes one whose request has failed. See its log.',
    },
  );
}

export function authkeyRequired(): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_AUTH_REQUIRED', 'the agent requires an authkey', {
    hint: 'Give the key with the option authkey, or on the command line with --authkey-file FILE.',
  });
}

export function handshakeTimeout(ms: number): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_AUTH_TIMEOUT', `no authkey handshake within ${ms} ms`, {
    hint: 'Check that the agent requires an authkey. With a key on one side only, both sides wait for each other.',
  });
}

/** A connection that is closed during the handshake has been refused. */
export function handshakeFailed(reason: LaunchpoolError): LaunchpoolError {
  if (reason.code !== 'ERR_LAUNCHPOOL_CONNECTION_CLOSED') return reason;
  return new LaunchpoolError('ERR_LAUNCHPOOL_AUTH_FAILED', 'the agent closed the connection during the handshake', {
    cause: reason,
    hint: 'Give both sides the same key.',
  });
}
