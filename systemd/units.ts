/** A job → its units: systemd.socket(5), systemd.service(5), systemd.exec(5). */
import { basename } from 'node:path';
import type { Job } from '../job/job.ts';
import { SOCKET_NAMES } from '../wire/address.ts';
import { LaunchpoolError } from '../wire/errors.ts';
import { type UnitNames, unitNamesOf } from './paths.ts';

/** Seconds within which the agent must report a live main thread; systemd restarts it otherwise. */
const WATCHDOG_SECONDS = 60;

/** Variables that a session may set for other programs, and that would change or break the agent. */
const UNWANTED = [
  'LD_LIBRARY_PATH',
  'LD_PRELOAD',
  'NODE_CHANNEL_FD',
  'NODE_COMPILE_CACHE',
  'NODE_DEBUG',
  'NODE_OPTIONS',
  'NODE_PATH',
  'NODE_V8_COVERAGE',
];

/**
 * The text of each unit, by its name.
 * @throws ERR_LAUNCHPOOL_JOB_INVALID
 */
export function unitsOf(job: Job): Map<string, string> {
  const names = unitNamesOf(job.label);
  return new Map([
    [names.socket, socketUnit(job, names, SOCKET_NAMES.systemd.agent, job.sockets.agent, tcpOf(job))],
    [names.control, socketUnit(job, names, SOCKET_NAMES.systemd.control, job.sockets.control, [])],
    [names.service, serviceUnit(job, names)],
  ]);
}

function tcpOf({ tcp }: Job): string[] {
  if (tcp === undefined) return [];
  return [tcp.host.includes(':') ? `[${tcp.host}]:${tcp.port}` : `${tcp.host}:${tcp.port}`];
}

function socketUnit(job: Job, { service }: UnitNames, name: string, path: string, others: string[]): string {
  return encodeUnit({
    Unit: [['Description', `${job.label}: ${name === SOCKET_NAMES.systemd.control ? 'control socket' : 'socket'}`]],
    Socket: [
      // %t is the runtime folder of the user manager.
      ['ListenStream', `%t/${escapeSpecifiers(basename(path))}`],
      ...others.map((address): Line => ['ListenStream', address]),
      ['SocketMode', '0600'],
      ['DirectoryMode', '0700'],
      ['FileDescriptorName', name],
      ['Service', service],
      ['RemoveOnStop', 'yes'],
      // Without this, many connections make the socket fail for good: https://github.com/systemd/systemd/issues/15633
      ['TriggerLimitIntervalSec', '0'],
    ],
    Install: [['WantedBy', 'sockets.target']],
  });
}

function serviceUnit(job: Job, { socket, control }: UnitNames): string {
  const log: Line[] = job.logFile === undefined ? [] : logTo(job.logFile);
  return encodeUnit({
    Unit: [
      ['Description', `${job.label}: ${job.isResident ? 'agent' : 'on-demand agent'}`],
      ['Requires', `${socket} ${control}`],
      ['After', `${socket} ${control}`],
      // The limit counts starts on demand too, and makes the socket fail for good.
      ['StartLimitIntervalSec', '0'],
    ],
    Service: [
      ['Type', 'notify'],
      ['ExecStart', commandLine(job)],
      // Replaces the limits: after a failure, a waiting connection starts the service again only a second later.
      ['ExecStopPost', `/bin/sh -c '[ "$$SERVICE_RESULT" = success ] || sleep 1'`],
      ...(job.isResident ? RESIDENT : []),
      ['TimeoutStartSec', String(job.startSeconds)],
      ['TimeoutStopSec', String(job.stopSeconds)],
      ['WatchdogSec', String(WATCHDOG_SECONDS)],
      ['KillMode', 'mixed'],
      ['WorkingDirectory', checkedPath('the working directory', job.workingDirectory)],
      ...Object.entries(job.env).map(([name, value]): Line => ['Environment', quote(`${name}=${value}`)]),
      ['UnsetEnvironment', UNWANTED.filter((name) => !(name in job.env)).join(' ')],
      ['UMask', '0077'],
      ['SyslogIdentifier', escapeSpecifiers(job.label)],
      ...log,
      // Only options without a namespace, which every user manager supports. V8 excludes MemoryDenyWriteExecute;
      // os.networkInterfaces() needs AF_NETLINK.
      ['NoNewPrivileges', 'yes'],
      ['RestrictSUIDSGID', 'yes'],
      ['LockPersonality', 'yes'],
      ['RestrictRealtime', 'yes'],
      ['RestrictAddressFamilies', 'AF_UNIX AF_INET AF_INET6 AF_NETLINK'],
      ['SystemCallArchitectures', 'native'],
    ],
    ...(job.isResident && { Install: [['WantedBy', 'default.target']] }),
  });
}

/** Whatever ends it, but for `systemctl stop`. The start limits are off: a server that it needs may be down for long. */
const RESIDENT: readonly Line[] = [
  ['Restart', 'always'],
  ['RestartSec', '1'],
];

function logTo(file: string): Line[] {
  const target = `append:${checkedPath('the log file', file)}`;
  return [
    ['StandardOutput', target],
    ['StandardError', target],
  ];
}

type Line = readonly [key: string, value: string];

function encodeUnit(sections: Readonly<Record<string, readonly Line[]>>): string {
  const encodeSection = ([name, lines]: [string, readonly Line[]]): string =>
    `[${name}]\n${lines.map(([key, value]) => `${key}=${value}\n`).join('')}`;
  return Object.entries(sections).map(encodeSection).join('\n');
}

/** In the program's path systemd expands specifiers only, and refuses quotes and backslashes. */
function commandLine({ command: [program, ...args] }: Job): string {
  if (!/["'\\]/.test(program)) return [quote(program), ...args.map(quoteArgument)].join(' ');
  throw new LaunchpoolError('ERR_LAUNCHPOOL_JOB_INVALID', `the program's path has a quote or \\: ${program}`, {
    hint: 'Choose a folder of another name: systemd does not start such a program.',
  });
}

/** systemd.service(5), "Command lines": in a quoted argument, `\`, `"`, `%` and `$` are special. */
function quoteArgument(argument: string): string {
  return quote(argument).replaceAll('$', '$$$$');
}

function quote(value: string): string {
  const text = checked('an argument or a variable', value).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return `"${escapeSpecifiers(text)}"`;
}

/** systemd.unit(5), "Specifiers": `%%` is a percent sign. */
function escapeSpecifiers(text: string): string {
  return text.replaceAll('%', '%%');
}

/**
 * Refuses characters that would end a line of the unit, and lone surrogates and noncharacters of Unicode: systemd
 * ignores a line with one of these and only logs it.
 */
function checked(what: string, text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the expression matches control characters
  if (!/[\u0000-\u001f\u007f]|\p{Surrogate}|\p{Noncharacter_Code_Point}/u.test(text)) return text;
  throw new LaunchpoolError('ERR_LAUNCHPOOL_JOB_INVALID', `${what} has control characters: ${JSON.stringify(text)}`, {
    hint: 'Remove them: a unit of systemd cannot contain them.',
  });
}

/** An unquoted value cannot end with white space or a backslash, which systemd reads as part of the line end. */
function checkedPath(what: string, path: string): string {
  if (!/[\\\s]$/.test(checked(what, path))) return escapeSpecifiers(path);
  throw new LaunchpoolError(
    'ERR_LAUNCHPOOL_JOB_INVALID',
    `${what} ends with white space or \\: ${JSON.stringify(path)}`,
    {
      hint: 'Choose another path: a unit of systemd cannot contain this one.',
    },
  );
}
