/** What an agent can be told, with defaults. */
import { availableParallelism } from 'node:os';
import { DEFAULT_MAX_FRAME_BYTES } from '../../wire/frame.ts';
import type { LogLevel } from '../log.ts';

export type AgentOptions = {
  /** URL of the agent's module. */
  moduleUrl: string;
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
   * How long requests that run may go on when the agent is told to leave, in milliseconds.
   * @default 10000
   */
  drainMs: number;
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
  logLevel: 'info',
  development: false,
};
