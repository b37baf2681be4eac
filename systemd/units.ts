/** A job → the units that tell systemd of it: systemd.socket(5), systemd.service(5), systemd.exec(5). */
import { basename } from 'node:path';
import type { Job } from '../job/job.ts';
import { SOCKET_NAMES } from '../wire/address.ts';
import { LaunchpoolError } from '../wire/errors.ts';
import { type UnitNames, unitNamesOf } from './paths.ts';

/** So often, in seconds, the agent must say that its main thread is alive, or it is started anew. */
const WATCHDOG_SECONDS = 60;

/** What the session may have set for other programs, and what would change or break this one. */
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
      // In the folder that the user manager has for such things, wherever that is.
      ['ListenStream', `%t/${escapeSpecifiers(basename(path))}`],
      ...others.map((address): Line => ['ListenStream', address]),
      ['SocketMode', '0600'],
      ['DirectoryMode', '0700'],
      ['FileDescriptorName', name],
      ['Service', service],
      ['RemoveOnStop', 'yes'],
      // A socket that has been knocked at too often fails for good: https://github.com/systemd/systemd/issues/15633
      ['TriggerLimitIntervalSec', '0'],
    ],
    Install: [['WantedBy', 'sockets.target']],
  });
}

function serviceUnit(job: Job, { socket, control }: UnitNames): string {
  const log: Line[] = job.logFile === undefined ? [] : logTo(job.logFile);
  return encodeUnit({
    Unit: [
      ['Description', `${job.label}: on-demand agent`],
      ['Requires', `${socket} ${control}`],
      ['After', `${socket} ${control}`],
      // Every start counts, also one on demand, and beyond the limit the socket fails for good.
      ['StartLimitIntervalSec', '0'],
    ],
    Service: [
      ['Type', 'notify'],
      ['ExecStart', commandLine(job)],
      // Instead of these limits: who waits at the socket has it started again, but only after a second.
      ['ExecStopPost', `/bin/sh -c '[ "$$SERVICE_RESULT" = success ] || sleep 1'`],
      ['TimeoutStartSec', '30'],
      ['TimeoutStopSec', String(job.stopSeconds)],
      ['WatchdogSec', String(WATCHDOG_SECONDS)],
      ['KillMode', 'mixed'],
      ['WorkingDirectory', checkedPath('the working directory', job.workingDirectory)],
      ...Object.entries(job.env).map(([name, value]): Line => ['Environment', quote(`${name}=${value}`)]),
      ['UnsetEnvironment', UNWANTED.filter((name) => !(name in job.env)).join(' ')],
      ['UMask', '0077'],
      ['SyslogIdentifier', escapeSpecifiers(job.label)],
      ...log,
      // Those that need no namespace, which a user manager can do everywhere. Not MemoryDenyWriteExecute, which V8
      // cannot live with; AF_NETLINK is how os.networkInterfaces() asks.
      ['NoNewPrivileges', 'yes'],
      ['RestrictSUIDSGID', 'yes'],
      ['LockPersonality', 'yes'],
      ['RestrictRealtime', 'yes'],
      ['RestrictAddressFamilies', 'AF_UNIX AF_INET AF_INET6 AF_NETLINK'],
      ['SystemCallArchitectures', 'native'],
    ],
  });
}

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

/** Of the program's path systemd expands nothing but specifiers, and it takes none with a quote or a backslash. */
function commandLine({ command: [program, ...args] }: Job): string {
  if (!/["'\\]/.test(program)) return [quote(program), ...args.map(quoteArgument)].join(' ');
  throw new LaunchpoolError('ERR_LAUNCHPOOL_JOB_INVALID', `the program has a quote or \\ in its path: ${program}`, {
    hint: 'systemd starts no such program: choose a folder of another name.',
  });
}

/** systemd.service(5), "Command lines": an argument in quotes, in which `\`, `"`, `%` and `$` mean something. */
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
 * A unit is lines of text, and nothing that can be quoted may break one. Of a line with half a character, or with a code
 * that Unicode has for no character, systemd takes notice in its log and nothing else.
 */
function checked(what: string, text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (!/[\u0000-\u001f\u007f]|\p{Surrogate}|\p{Noncharacter_Code_Point}/u.test(text)) return text;
  throw new LaunchpoolError('ERR_LAUNCHPOOL_JOB_INVALID', `${what} has control characters: ${JSON.stringify(text)}`, {
    hint: 'A unit of systemd cannot have them.',
  });
}

/** In a value that stands without quotes, an end of line cannot be told from what was before it. */
function checkedPath(what: string, path: string): string {
  if (!/[\\\s]$/.test(checked(what, path))) return escapeSpecifiers(path);
  throw new LaunchpoolError(
    'ERR_LAUNCHPOOL_JOB_INVALID',
    `${what} ends with white space or \\: ${JSON.stringify(path)}`,
    {
      hint: 'A unit of systemd cannot have such a path.',
    },
  );
}
