/** The flags that `run` and `dev` share, from their text to the agent's options. */
import { closeSync, existsSync, fstatSync, openSync, readFileSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { LaunchpoolError } from '../../wire/errors.ts';
import { LOG_LEVELS, type LogLevel } from '../log.ts';
import { AGENT_DEFAULTS, type AgentOptions } from './options.ts';

type Flag = {
  /** What the value is called in the help; without one the flag takes none. */
  value?: string;
  help: string;
  /** Puts the flag's value into the options. */
  apply: (value: string, flag: string) => Partial<AgentOptions>;
};

/** In the order of the help. */
export const AGENT_FLAGS: Readonly<Record<string, Flag>> = {
  idle: {
    value: 'SECONDS',
    help: 'leave after so long without a request; fractions are allowed, 0 means never (default: 60)',
    apply: (value, flag) => ({ idleMs: Math.ceil(numberOf(value, flag, 0, 2_000_000) * 1000) }),
  },
  'min-uptime': {
    value: 'SECONDS',
    help: 'stay for at least so long (default: 10 under launchd and systemd, otherwise 0)',
    apply: (value, flag) => ({ minUptimeMs: numberOf(value, flag, 0, 2_000_000) * 1000 }),
  },
  'keep-quiet-clients': {
    help: 'do not leave while a client is connected, however quiet it is',
    apply: () => ({ keepQuietClients: true }),
  },
  threads: {
    value: 'N',
    help: `the most worker threads, or "auto" for one per processor (default: auto, here ${availableParallelism()})`,
    apply: (value, flag) => ({ threads: value === 'auto' ? AGENT_DEFAULTS.threads : integerOf(value, flag, 1, 1024) }),
  },
  'min-threads': {
    value: 'N',
    help: 'start so many at once, and keep them (default: 1)',
    apply: (value, flag) => ({ minThreads: integerOf(value, flag, 1, 1024) }),
  },
  concurrency: {
    value: 'N',
    help: 'how many asynchronous requests a thread may have open at once (default: 256)',
    apply: (value, flag) => ({ concurrency: integerOf(value, flag, 1, 1_000_000) }),
  },
  'authkey-file': {
    value: 'FILE',
    help: 'ask every client for the key in this file; its bytes count as they stand, one trailing newline removed',
    apply: (value) => ({ authkey: readAuthkey(value) }),
  },
  'no-md5': {
    help: 'refuse HMAC-MD5 in the authkey handshake, and with it Python up to 3.11',
    apply: () => ({ md5: false }),
  },
  'max-frame': {
    value: 'BYTES',
    help: 'refuse longer requests from their header (default: 67108864)',
    apply: (value, flag) => ({ maxFrameBytes: integerOf(value, flag, 0, Number.MAX_SAFE_INTEGER) }),
  },
  'handshake-timeout': {
    value: 'SECONDS',
    help: 'how long an authkey handshake may take (default: 2)',
    apply: (value, flag) => ({ handshakeMs: numberOf(value, flag, 0.001, 3600) * 1000 }),
  },
  drain: {
    value: 'SECONDS',
    help: 'how long running requests may go on when the agent is told to leave (default: 10)',
    apply: (value, flag) => ({ drainMs: numberOf(value, flag, 0, 3600) * 1000 }),
  },
  'cancel-grace': {
    value: 'SECONDS',
    help: 'how long a handler may go on when its request is cancelled, before its thread is replaced (default: 1)',
    apply: (value, flag) => ({ cancelGraceMs: numberOf(value, flag, 0, 3600) * 1000 }),
  },
  'queue-timeout': {
    value: 'SECONDS',
    help: 'how long a request may wait before it is begun (default: 0, for ever)',
    apply: (value, flag) => ({ queueTimeoutMs: numberOf(value, flag, 0, 2_000_000) * 1000 }),
  },
  'run-timeout': {
    value: 'SECONDS',
    help: 'how long a request may run (default: 0, for ever)',
    apply: (value, flag) => ({ runTimeoutMs: numberOf(value, flag, 0, 2_000_000) * 1000 }),
  },
  'max-requests': {
    value: 'N',
    help: 'the most requests that have been read and not answered (default: 16384)',
    apply: (value, flag) => ({ maxRequests: integerOf(value, flag, 1, 1_000_000_000) }),
  },
  'max-bytes': {
    value: 'BYTES',
    help: 'the most bytes of these, and of replies that nobody has read (default: 268435456)',
    apply: (value, flag) => ({ maxBytes: integerOf(value, flag, 1, Number.MAX_SAFE_INTEGER) }),
  },
  'max-connections': {
    value: 'N',
    help: 'the most connections at once (default: 10000, 80 % of the descriptors, or all but 48; the least of these)',
    apply: (value, flag) => ({ maxConnections: integerOf(value, flag, 1, 10_000_000) }),
  },
  'allow-uid': {
    value: 'UID[,UID…]',
    help: 'users that may speak beside the own one and root',
    apply: (value, flag) => ({ allowUids: value.split(',').map((uid) => integerOf(uid, flag, 0, 2 ** 32 - 2)) }),
  },
  'thread-memory': {
    value: 'MB',
    help: 'the most heap of a thread; one that needs more is replaced (default: 0, as Node has it)',
    apply: (value, flag) => ({ threadMemoryMb: integerOf(value, flag, 0, 1_000_000) }),
  },
  'recycle-requests': {
    value: 'N',
    help: 'replace a thread after so many requests (default: 0, never)',
    apply: (value, flag) => ({ recycleRequests: integerOf(value, flag, 0, Number.MAX_SAFE_INTEGER) }),
  },
  'recycle-memory': {
    value: 'MB',
    help: 'replace a thread whose heap has become larger (default: 0, never)',
    apply: (value, flag) => ({ recycleMb: integerOf(value, flag, 0, 1_000_000) }),
  },
  'log-level': {
    value: 'LEVEL',
    help: `${LOG_LEVELS.join(', ')} (default: info)`,
    apply: (value, flag) => ({ logLevel: levelOf(value, flag) }),
  },
};

/**
 * @param values the flags that were given, by name, without their dashes.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID, ERR_LAUNCHPOOL_MODULE_NOT_LOADED
 */
export function agentOptionsOf(
  module: string,
  values: Readonly<Record<string, string | boolean | undefined>>,
): AgentOptions {
  const options: AgentOptions = { ...AGENT_DEFAULTS, modulePath: module, moduleUrl: moduleUrlOf(module) };
  for (const [name, flag] of Object.entries(AGENT_FLAGS)) {
    const value = values[name];
    if (value !== undefined) Object.assign(options, flag.apply(String(value), `--${name}`));
  }
  const { minThreads, threads } = options;
  if (minThreads > threads) throw invalid(`--min-threads ${minThreads}: more than the most, which is ${threads}`);
  return options;
}

/**
 * The module that a path leads to now: a link to it may lead to another one by the time that the next thread starts. One
 * that is not there is no reason to stop: whoever waits at the socket is to hear of it.
 */
export function moduleUrlOf(module: string): string {
  if (module.startsWith('file:')) return module;
  const path = resolve(module);
  return pathToFileURL(existsSync(path) ? realpathSync(path) : path).href;
}

/**
 * Reads a key file. Shared with the commands that connect to an agent.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID also when others than its owner can read it: then it is no key.
 */
export function readAuthkey(file: string): Buffer {
  let bytes: Buffer;
  let mode: number;
  try {
    ({ bytes, mode } = readWithMode(file));
  } catch (cause) {
    const why = existsSync(file) ? (cause as Error).message : 'there is no such file';
    throw invalid(`--authkey-file ${file}: ${why}`, 'Make one with: (umask 077; openssl rand -hex 32 > FILE)', cause);
  }
  if ((mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, '0');
    throw invalid(`--authkey-file ${file}: others can read the key, of mode ${octal}`, `chmod 600 ${file}`);
  }
  const key = bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
  if (key.length > 0) return key;
  throw invalid(`--authkey-file ${file}: the file is empty`, 'Make one with: (umask 077; openssl rand -hex 32 > FILE)');
}

/** Of one open file, so that both are of the same. */
function readWithMode(file: string): { bytes: Buffer; mode: number } {
  const fd = openSync(file, 'r');
  try {
    const stats = fstatSync(fd);
    // A pipe, such as the shell's <(…), is of this process alone.
    return { bytes: readFileSync(fd), mode: stats.isFile() ? stats.mode : 0 };
  } finally {
    closeSync(fd);
  }
}

/** @throws ERR_LAUNCHPOOL_OPTION_INVALID */
export function numberOf(value: string, flag: string, least: number, most: number): number {
  const number = value.trim() === '' ? Number.NaN : Number(value);
  if (number >= least && number <= most) return number;
  throw invalid(`${flag} ${value}: not a number from ${least} to ${most}`);
}

function integerOf(value: string, flag: string, least: number, most: number): number {
  if (/^\d+$/.test(value)) return numberOf(value, flag, least, most);
  throw invalid(`${flag} ${value}: not a whole number from ${least} to ${most}`);
}

function levelOf(value: string, flag: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === value);
  if (level !== undefined) return level;
  throw invalid(`${flag} ${value}: not one of ${LOG_LEVELS.join(', ')}`);
}

function invalid(message: string, hint = 'See `launchpool help`.', cause?: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', message, { hint, cause });
}
