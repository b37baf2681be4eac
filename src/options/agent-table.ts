/** The options of an agent, which `install`, `dev` and `run` take. Loaded at each start of an agent. */
import { availableParallelism } from 'node:os';
import { DEFAULT_MAX_FRAME_BYTES } from '../../wire/frame.ts';
import { DEFAULT_MAX_BATCH } from '../../wire/json-rpc.ts';
import { VALIDATION_MODES } from '../../wire/validation-mode.ts';
import { LOG_LEVELS } from '../log.ts';
import type { Table } from './option.ts';

/** launchd starts a job once in ten seconds, systemd one five times: https://www.freedesktop.org/software/systemd/man/systemd.unit.html */
export const SUPERVISED_UPTIME_SECONDS = 10;

/** The default of `--max-connections`: the smallest of the three. */
export const CONNECTION_DEFAULTS = {
  connections: 10_000,
  /** The other descriptors are for files, threads, and connections that are rejected. */
  shareOfDescriptors: 0.8,
  /** Open in an agent without a connection, or needed to load its module. */
  ownDescriptors: 48,
} as const;

const { connections, shareOfDescriptors, ownDescriptors } = CONNECTION_DEFAULTS;
/** Some 23 days: in milliseconds, a delay that a timer of Node can hold. */
const MAX_SECONDS = 2_000_000;

export const AGENT_TABLE = {
  idleMs: {
    flag: 'idle',
    value: { kind: 'seconds', min: 0, max: MAX_SECONDS },
    default: 60,
    help: 'stops the agent after this time without a request; fractions allowed; 0 = never',
    details: 'Clients that are connected and send nothing are disconnected then.',
    readme: true,
  },
  minUptimeMs: {
    flag: 'min-uptime',
    value: { kind: 'seconds', min: 0, max: MAX_SECONDS },
    defaultText: `${SUPERVISED_UPTIME_SECONDS} under launchd and systemd, otherwise 0`,
    help: 'keeps the agent running for at least this time',
    details: 'launchd and systemd treat a process that repeatedly exits soon after its start as broken.',
  },
  keepQuietClients: {
    flag: 'keep-quiet-clients',
    switch: true,
    help: 'keeps the agent running while a client is connected, even one that sends nothing',
    readme: true,
  },
  threads: {
    flag: 'threads',
    value: { kind: 'count', min: 1, max: 1024, auto: availableParallelism() },
    default: 'auto',
    help: 'maximum number of worker threads; auto = one per processor',
    readme: true,
  },
  minThreads: {
    flag: 'min-threads',
    value: { kind: 'count', min: 1, max: 1024 },
    default: 1,
    help: 'number of threads that start with the agent and stay',
    details: 'Further threads start when requests wait, and stop after ten seconds without work.',
  },
  loadTimeoutMs: {
    flag: 'load-timeout',
    value: { kind: 'seconds', min: 0.001, max: MAX_SECONDS },
    default: 60,
    help: 'maximum time for a thread to load the module, its setup() included',
  },
  concurrency: {
    flag: 'concurrency',
    value: { kind: 'count', min: 1, max: 1_000_000 },
    default: 256,
    help: 'maximum number of asynchronous requests that run on one thread at a time',
    details: 'When all places are taken, a connection that has no running request may still start one.',
  },
  authkeyFile: {
    flag: 'authkey-file',
    value: { kind: 'path', placeholder: 'FILE' },
    defaultText: 'no key is required',
    help: 'requires every client to know the key in this file, less one trailing newline',
    details: 'The file must be accessible to its owner alone.',
    readme: true,
  },
  md5: {
    flag: 'no-md5',
    switch: false,
    help: 'refuses HMAC-MD5 in the authkey handshake, and with it Python up to 3.11',
  },
  maxFrameBytes: {
    flag: 'max-frame',
    value: { kind: 'bytes', min: 0, max: Number.MAX_SAFE_INTEGER },
    default: DEFAULT_MAX_FRAME_BYTES,
    help: 'maximum length of a request; the agent refuses a longer one from its header',
    readme: true,
  },
  maxBatch: {
    flag: 'max-batch',
    value: { kind: 'count', min: 1, max: 1_000_000 },
    default: DEFAULT_MAX_BATCH,
    help: 'maximum number of requests in a JSON-RPC batch; the agent refuses a larger one without parsing it',
  },
  handshakeMs: {
    flag: 'handshake-timeout',
    value: { kind: 'seconds', min: 0.001, max: 3600 },
    default: 2,
    help: 'maximum duration of an authkey handshake',
  },
  drainMs: {
    flag: 'drain',
    value: { kind: 'seconds', min: 0, max: 3600 },
    default: 10,
    help: 'time for running requests to finish when the agent shuts down',
    details:
      'Then their signals fire. After --cancel-grace, RPC requests get ERR_LAUNCHPOOL_CANCELLED, and the threads are terminated.',
    readme: true,
  },
  cancelGraceMs: {
    flag: 'cancel-grace',
    value: { kind: 'seconds', min: 0, max: 3600 },
    default: 1,
    help: 'time for a handler to end after its request is cancelled or times out; then its thread is replaced if it is blocked',
  },
  queueTimeoutMs: {
    flag: 'queue-timeout',
    value: { kind: 'seconds', min: 0, max: MAX_SECONDS },
    default: 0,
    help: 'maximum time that a request waits before it starts; 0 = no limit',
  },
  runTimeoutMs: {
    flag: 'run-timeout',
    value: { kind: 'seconds', min: 0, max: MAX_SECONDS },
    default: 0,
    help: 'maximum time that a request runs; 0 = no limit',
    readme: true,
  },
  maxRequests: {
    flag: 'max-requests',
    value: { kind: 'count', min: 1, max: 1_000_000_000 },
    default: 16_384,
    help: 'maximum number of requests that have been read and not answered, over all connections',
  },
  maxBytes: {
    flag: 'max-bytes',
    value: { kind: 'bytes', min: 1, max: Number.MAX_SAFE_INTEGER },
    default: 256 * 1024 * 1024,
    help: 'maximum size of all requests that are not answered, replies that are not read, and frames that arrive',
    details:
      'Half of it holds frames that have arrived in part; once that half is full, only the oldest of them is read on. ' +
      'See reliability.md for the memory of an agent as a whole.',
  },
  validate: {
    flag: 'validate',
    value: { kind: 'choice', placeholder: 'MODE', choices: VALIDATION_MODES },
    default: 'on',
    help: "checks arguments by the types of an RPC agent's methods; warn = logs what is wrong, and runs the request",
    details:
      'The description of the methods has the types: see description.md. A description without types checks nothing.',
  },
  maxReplyBytes: {
    flag: 'max-reply',
    value: { kind: 'bytes', min: 64 * 1024, max: Number.MAX_SAFE_INTEGER },
    default: 64 * 1024 * 1024,
    help: 'maximum length of a reply, and the size of finished replies at which a thread starts no further request',
    details: 'A longer reply is ERR_LAUNCHPOOL_RESULT_INVALID. Replies wait in their thread while clients do not read.',
  },
  maxConnections: {
    flag: 'max-connections',
    value: { kind: 'count', min: 1, max: 10_000_000 },
    defaultText: `${connections}, ${100 * shareOfDescriptors} % of the file descriptors, or all but ${ownDescriptors} of them, whichever is smallest`,
    help: 'maximum number of connections',
  },
  allowUids: {
    flag: 'allow-uid',
    value: { kind: 'userIds', min: 0, max: 2 ** 32 - 2 },
    defaultText: 'none',
    help: "users that may connect to the UNIX socket, besides the agent's own user and root",
  },
  threadMemoryMb: {
    flag: 'thread-memory',
    value: { kind: 'mebibytes', min: 0, max: 1_000_000 },
    default: 0,
    help: "maximum size of a thread's JavaScript heap; a thread that needs more is replaced; 0 = Node's own limit",
  },
  recycleRequests: {
    flag: 'recycle-requests',
    value: { kind: 'count', min: 0, max: Number.MAX_SAFE_INTEGER },
    default: 0,
    help: 'replaces a thread after this many requests; 0 = never',
  },
  recycleMb: {
    flag: 'recycle-memory',
    value: { kind: 'mebibytes', min: 0, max: 1_000_000 },
    default: 0,
    help: 'replaces a thread whose JavaScript heap exceeds this size; 0 = never',
  },
  logLevel: {
    flag: 'log-level',
    value: { kind: 'choice', placeholder: 'LEVEL', choices: LOG_LEVELS },
    default: 'info',
    help: 'lowest level that the agent logs',
    readme: true,
  },
} as const satisfies Table;
