/** A job → the plist that tells launchd of it. */
import { build } from 'plist';
import type { Job, TcpAddress } from '../job/job.ts';
import { SOCKET_NAMES } from '../wire/address.ts';
import { LaunchpoolError } from '../wire/errors.ts';
import { PLIST_SCHEMA, type Plist } from './plist-schema.ts';

/** launchd's own default is 256, which a busy agent needs for its connections alone. */
const MAX_FILES = 16_384;
/**
 * Between one start and the next, where the default of ten seconds would have people wait after a crash. An agent stays
 * longer than that of its own accord.
 */
const THROTTLE_SECONDS = 1;

/**
 * What is not in it, on purpose: KeepAlive, which would start an agent anew that has left because nobody needs it;
 * RunAtLoad, for the same reason; EnableTransactions, with which launchd ends an agent without asking it.
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
    // Also for who has logged in by ssh alone.
    LimitLoadToSessionType: ['Aqua', 'Background'],
    ...(job.bundleIdentifiers.length === 0 ? {} : { AssociatedBundleIdentifiers: [...job.bundleIdentifiers] }),
  };
  const { data, error } = PLIST_SCHEMA.safeParse(unchecked);
  if (data !== undefined) return data;
  const issues = error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new LaunchpoolError('ERR_LAUNCHPOOL_JOB_INVALID', `no valid plist: ${issues.join('; ')}`, {
    cause: error,
    hint: 'See launchd.plist(5).',
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

/** As XML. */
export function encodePlist(value: Plist): string {
  return `${build(value)}\n`;
}
