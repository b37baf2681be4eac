/** Connects to NATS, with the credentials of the address and of the environment. */
import { readFileSync } from 'node:fs';
import { LaunchpoolError } from '../../wire/errors.ts';
import type { NatsLibrary } from './library.ts';
import type { NatsConnection, NatsOptions } from './nats-types.ts';
import { guardSubscriptions } from './subscribe.ts';
import type { NatsServers } from './target.ts';

/** The variables that the `nats` program reads too: https://docs.nats.io/using-nats/nats-tools/nats_cli */
export const NATS_VARIABLES = {
  /** The path of a file with a JWT and a seed. */
  creds: 'NATS_CREDS',
  /** The path of a file with the seed of an nkey. */
  nkey: 'NATS_NKEY',
  user: 'NATS_USER',
  pass: 'NATS_PASSWORD',
  token: 'NATS_TOKEN',
  /** Paths of PEM files. */
  ca: 'NATS_CA',
  cert: 'NATS_CERT',
  key: 'NATS_KEY',
  /** The first part of the subjects on which this client receives replies. */
  inboxPrefix: 'NATS_INBOX_PREFIX',
} as const;

export type NatsConnectOptions = {
  library: NatsLibrary;
  /** How the NATS server lists this connection. */
  connectionName: string;
  /** @default process.env */
  env?: Readonly<Record<string, string | undefined>>;
  /** How long the first connection may take, in milliseconds. @default 5000 */
  timeoutMs?: number;
  /** Options of the library, above all others. */
  settings?: NatsOptions | undefined;
};

/** NATS tells of a server that does not answer after two of these, in milliseconds; links notice it earlier. */
const PING_MS = 10_000;
const RECONNECT_MS = 200;
const TIMEOUT_MS = 5_000;

/**
 * Resolves when a server has accepted the credentials. Later on the library connects again, as long as it takes.
 * @throws ERR_LAUNCHPOOL_CONNECT_FAILED, ERR_LAUNCHPOOL_OPTION_INVALID for a file that cannot be read
 */
export async function connectNats(servers: NatsServers, options: NatsConnectOptions): Promise<NatsConnection> {
  const { library, connectionName, env = process.env, timeoutMs = TIMEOUT_MS, settings: given } = options;
  const inboxPrefix = inboxPrefixOf(env);
  const settings = {
    servers: [...servers.servers],
    name: connectionName,
    timeout: timeoutMs,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    pingInterval: PING_MS,
    maxPingOut: 2,
    ...(inboxPrefix !== undefined && { inboxPrefix }),
    ...credentialsOf(servers, env, library),
    ...encryptionOf(servers, env),
    ...given,
  };
  try {
    return guardSubscriptions(await library.connect(settings));
  } catch (cause) {
    const { message } = cause as Error;
    throw new LaunchpoolError(
      'ERR_LAUNCHPOOL_CONNECT_FAILED',
      `no connection to NATS at ${servers.servers.join(', ')}: ${message}`,
      { cause, hint: `Check the address, and the credentials: ${Object.values(NATS_VARIABLES).join(', ')}.` },
    );
  }
}

/** The prefix of the subjects on which this process receives. */
export function inboxPrefixOf(env: Readonly<Record<string, string | undefined>> = process.env): string | undefined {
  return env[NATS_VARIABLES.inboxPrefix] || undefined;
}

function credentialsOf(
  { user, pass, token }: NatsServers,
  env: Readonly<Record<string, string | undefined>>,
  library: NatsLibrary,
): object {
  if (user !== undefined) return { user, pass };
  if (token !== undefined) return { token };
  const of = (name: keyof typeof NATS_VARIABLES): string | undefined => env[NATS_VARIABLES[name]] || undefined;
  const [creds, nkey] = [of('creds'), of('nkey')];
  if (creds !== undefined) return { authenticator: library.credsAuthenticator(read(creds, NATS_VARIABLES.creds)) };
  if (nkey !== undefined) {
    const seed = read(nkey, NATS_VARIABLES.nkey).toString().trim();
    return { authenticator: library.nkeyAuthenticator(Buffer.from(seed)) };
  }
  if (of('user') !== undefined) return { user: of('user'), pass: of('pass') };
  return of('token') === undefined ? {} : { token: of('token') };
}

/** The library encrypts too when the server asks for it. */
function encryptionOf(
  { isEncrypted }: NatsServers,
  env: Readonly<Record<string, string | undefined>>,
): { tls?: object } {
  const files = { caFile: NATS_VARIABLES.ca, certFile: NATS_VARIABLES.cert, keyFile: NATS_VARIABLES.key };
  const given = Object.entries(files).flatMap(([option, name]) => (env[name] ? [[option, env[name]]] : []));
  return isEncrypted || given.length > 0 ? { tls: Object.fromEntries(given) } : {};
}

function read(path: string, variable: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', `${variable}: ${(cause as Error).message}`, {
      cause,
      hint: 'Give the path of a file that this user can read.',
    });
  }
}
