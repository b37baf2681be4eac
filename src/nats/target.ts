/** Addresses of NATS: `nats://[user:password@]host[:port][,host2[:port]…][/NAME]`, or tls:// in its place. */
import { LaunchpoolError } from '../../wire/errors.ts';

export type NatsServers = {
  /** `host:port`, without anything secret. */
  servers: readonly string[];
  /** Whether only an encrypted connection will do. */
  isEncrypted: boolean;
  user?: string;
  pass?: string;
  token?: string;
};

export type NatsTarget = NatsServers & { name: string };

const DEFAULT_PORT = 4222;
const HINT = 'Write nats://HOST[:PORT][,HOST2[:PORT]]/NAME, or tls:// in the place of nats://.';

/**
 * @param text an address without the name of a service.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID
 */
export function parseServers(text: string): NatsServers {
  const { name, servers } = split(text);
  if (name !== '')
    throw invalid('the address of the NATS servers has a path', 'Give the name of the service with --name.');
  return servers;
}

/**
 * @param text an address with the name of a service.
 * @throws ERR_LAUNCHPOOL_ADDRESS_INVALID
 */
export function parseTarget(text: string): NatsTarget {
  const { name, servers } = split(text);
  if (name === '') throw invalid('the address on NATS has no name of a service', HINT);
  return { ...servers, name: checkServiceName(name) };
}

/** @throws ERR_LAUNCHPOOL_ADDRESS_INVALID for a name that no service on NATS can have. */
export function checkServiceName(name: string): string {
  if (/^[A-Za-z0-9_-]{1,100}$/.test(name)) return name;
  const hint = 'A name has letters, digits, dashes and underscores, such as rot13.';
  // A password with a slash that is not encoded ends here.
  const shown = name.slice(name.lastIndexOf('@') + 1);
  throw invalid(`not the name of a service on NATS: ${JSON.stringify(shown)}`, hint);
}

/** The text is in no error, since it may have a password. */
function split(text: string): { name: string; servers: NatsServers } {
  const [, scheme, authority = '', name = ''] = /^(nats|tls):\/\/([^/?#]*)\/?([^/?#]*)$/.exec(text) ?? [];
  if (scheme === undefined || authority === '') throw invalid('not an address of NATS', HINT);
  const parts = authority.split(',').map((part) => part.split('@'));
  const servers = parts.map((part) => serverOf(part.at(-1) as string));
  const [secret] = parts.map((part) => part.slice(0, -1).join('@')).filter((found) => found !== '');
  return { name, servers: { servers, isEncrypted: scheme === 'tls', ...credentialsIn(secret) } };
}

function serverOf(text: string): string {
  const [, host, port = String(DEFAULT_PORT)] =
    /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(text) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535)
    throw invalid('a server of NATS has no valid host and port', HINT);
  return `${host}:${Number(port)}`;
}

function credentialsIn(secret: string | undefined): Pick<NatsServers, 'user' | 'pass' | 'token'> {
  if (secret === undefined) return {};
  const [user = '', ...rest] = secret.split(':');
  try {
    if (rest.length === 0) return { token: decodeURIComponent(user) };
    return { user: decodeURIComponent(user), pass: decodeURIComponent(rest.join(':')) };
  } catch {
    throw invalid('the user, the password or the token has a % that encodes nothing', 'Write % as %25.');
  }
}

function invalid(message: string, hint: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_ADDRESS_INVALID', message, { hint });
}
