/** What an agent can be told, with defaults. */
import { availableParallelism } from 'node:os';
import { DEFAULT_MAX_FRAME_BYTES } from '../../wire/frame.ts';
import type { LogLevel } from '../log.ts';

export type AgentOptions = {
  /** URL of the agent's module. */
  moduleUrl: string;
  /**
   * The path that it was found by. A reload looks there again, since a link may lead to another module then.
   * @default undefined: it is looked for at its URL
   */
  modulePath: string | undefined;
  /**
   * After so many milliseconds without a request the agent leaves; 0 means never. Clients that are connected and quiet
   * are disconnected then.
   * @default 60000
   */
  idleMs: number;
  /**
   * How long the agent stays at least, in milliseconds from the start of its process: launchd and systemd take one that
   * comes and goes in quick succession for broken.
   * @default 10000 under launchd and systemd, otherwise 0
   */
  minUptimeMs: number | undefined;
  /**
   * Whether a client that is connected keeps the agent from leaving, however quiet both are.
   * @default false
   */
  keepQuietClients: boolean;
  /**
   * The most worker threads.
   * @default the number of processors
   */
  threads: number;
  /**
   * How many of them are there from the start and stay; the others come when they are needed, and go again when they
   * have had nothing to do for ten seconds.
   * @default 1
   */
  minThreads: number;
  /**
   * How many asynchronous requests a thread may have begun and not finished. Beyond, it begins no further ones.
   * @default 256
   */
  concurrency: number;
  /**
   * Shared key of the authkey handshake, as its bytes stand; without one, everybody who reaches the socket may speak.
   * @default undefined
   */
  authkey: Uint8Array | undefined;
  /**
   * Whether the handshake allows HMAC-MD5, which Python up to 3.11 needs.
   * @default true
   */
  md5: boolean;
  /**
   * How long the handshake may take, in milliseconds.
   * @default 2000
   */
  handshakeMs: number;
  /**
   * The longest request, in bytes; one of exactly this length is accepted.
   * @default 67108864
   */
  maxFrameBytes: number;
  /**
   * How long requests that run may go on when the agent is told to leave, in milliseconds. Then their signals fire, and
   * after `cancelGraceMs` more their threads are ended.
   * @default 10000
   */
  drainMs: number;
  /**
   * User ids that may speak beside the agent's own and root, on UNIX sockets.
   * @default []
   */
  allowUids: readonly number[];
  /**
   * The most connections at once.
   * @default 10000, 80 % of the descriptors that the process may have, or all but 48 of them: the least of these
   */
  maxConnections: number | undefined;
  /**
   * The most requests, over all connections, that have been read and have no outcome.
   * @default 16384
   */
  maxRequests: number;
  /**
   * The most bytes of these requests, and of replies that nobody has read yet.
   * @default 268435456
   */
  maxBytes: number;
  /**
   * How long a request may wait before it is begun, in milliseconds; 0 means for ever.
   * @default 0
   */
  queueTimeoutMs: number;
  /**
   * How long a request may run, in milliseconds; 0 means for ever.
   * @default 0
   */
  runTimeoutMs: number;
  /**
   * How long a handler may go on when its request is cancelled or its time is over, in milliseconds, before its thread
   * is replaced.
   * @default 1000
   */
  cancelGraceMs: number;
  /**
   * The most memory of the JavaScript heap of one thread, in MiB; 0 leaves it to Node.
   * @default 0
   */
  threadMemoryMb: number;
  /**
   * After so many requests a thread is replaced, when it has finished what it has begun; 0 means never.
   * @default 0
   */
  recycleRequests: number;
  /**
   * A thread whose heap is larger than this, in MiB, is replaced when it has finished what it has begun; 0 means never.
   * @default 0
   */
  recycleMb: number;
  /** @default 'info' */
  logLevel: LogLevel;
  /**
   * Development: the log is written for people, errors carry their stacks to the caller, loaded files are reported to
   * the holder.
   * @default false
   */
  development: boolean;
};

export const AGENT_DEFAULTS: Omit<AgentOptions, 'moduleUrl'> = {
  modulePath: undefined,
  idleMs: 60_000,
  minUptimeMs: undefined,
  keepQuietClients: false,
  threads: availableParallelism(),
  minThreads: 1,
  concurrency: 256,
  authkey: undefined,
  md5: true,
  handshakeMs: 2_000,
  maxFrameBytes: DEFAULT_MAX_FRAME_BYTES,
  drainMs: 10_000,
  allowUids: [],
  maxConnections: undefined,
  maxRequests: 16_384,
  maxBytes: 256 * 1024 * 1024,
  queueTimeoutMs: 0,
  runTimeoutMs: 0,
  cancelGraceMs: 1_000,
  threadMemoryMb: 0,
  recycleRequests: 0,
  recycleMb: 0,
  logLevel: 'info',
  development: false,
};
