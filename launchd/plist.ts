/** A job → its plist. */
import { build } from 'plist';
import type { Job, TcpAddress } from '../job/job.ts';
import { SOCKET_NAMES } from '../wire/address.ts';
import { LaunchpoolError } from '../wire/errors.ts';
import { PLIST_SCHEMA, type Plist } from './plist-schema.ts';

/** launchd's default is 256, too few for the connections of a busy agent. */
const MAX_FILES = 16_384;
/**
 * Seconds between two starts. With launchd's default of 10, clients would wait after a crash. --min-uptime keeps an
 * agent up for longer than that default.
 */
const THROTTLE_SECONDS = 1;

/**
 * Three keys are left out on purpose: KeepAlive and RunAtLoad, which would start an agent without a client, and
 * EnableTransactions, with which launchd kills an agent without SIGTERM.
 * @throws ERR_LAUNCHPOOL_JOB_INVALID
 */
export function plistOf(job: Job): Plist {
  const { agent, control } = SOCKET_NAMES.launchd;
  const logFile = job.logFile ?? '/dev/null';
  const unchecked = {
    Label: job.label,
    ProgramArguments: [...job.command],
    Sockets: {
      [agent]: [unixSocket(job.sockets.agent), ...(job.tcp === undefined ? [] : [tcpSocket(job.tcp)])],
      [control]: unixSocket(job.sockets.control),
    },
    EnvironmentVariables: { ...job.env },
    WorkingDirectory: job.workingDirectory,
    StandardOutPath: logFile,
    StandardErrorPath: logFile,
    ExitTimeOut: job.stopSeconds,
    ThrottleInterval: THROTTLE_SECONDS,
    ProcessType: PROCESS_TYPE[job.processType],
    SoftResourceLimits: { NumberOfFiles: MAX_FILES },
    Umask: 0o077,
    // Background covers a user who is logged in by ssh only.
    LimitLoadToSessionType: ['Aqua', 'Background'],
    ...(job.bundleIdentifiers.length === 0 ? {} : { AssociatedBundleIdentifiers: [...job.bundleIdentifiers] }),
  };
  const { data, error } = PLIST_SCHEMA.safeParse(unchecked);
  if (data !== undefined) return data;
  const issues = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new LaunchpoolError('ERR_LAUNCHPOOL_JOB_INVALID', `the job makes no valid plist: ${issues.join('; ')}`, {
    cause: error,
    hint: 'Change these values: launchd.plist(5) describes the keys.',
  });
}

const PROCESS_TYPE = {
  interactive: 'Interactive',
  standard: 'Standard',
  adaptive: 'Adaptive',
  background: 'Background',
} as const;

function unixSocket(path: string): object {
  return { SockPathName: path, SockPathMode: 0o600 };
}

function tcpSocket({ host, port }: TcpAddress): object {
  return { SockFamily: host.includes(':') ? 'IPv6' : 'IPv4', SockNodeName: host, SockServiceName: String(port) };
}

/** Encodes as XML. */
export function encodePlist(value: Plist): string {
  return `${build(value)}\n`;
}
