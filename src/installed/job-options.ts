/** What can be said about an installation, and what of it makes the job. */
import type { Job, ProcessType, TcpAddress } from '../../job/job.ts';
import { LaunchpoolError } from '../../wire/errors.ts';
import { NODE_FLAGS } from '../activation/node-flags.ts';
import { agentOptionsOf } from '../agent/agent-flags.ts';
import type { AgentOptions } from '../agent/options.ts';
import { AGENT_TABLE } from '../options/agent-table.ts';
import { argumentsOf, givenFlagsOf } from '../options/flags.ts';
import { INSTALL_TABLE } from '../options/install-table.ts';
import { defaultsOf } from '../options/parse-options.ts';
import { parseValue } from '../options/parse-value.ts';
import type { Host } from './host.ts';
import { type NatsJobOptions, natsArguments } from './nats-arguments.ts';

export type JobOptions = NatsJobOptions & {
  /**
   * Flags of the agent, by their names as `launchpool run` has them: `{ idle: 30, threads: 4, 'no-md5': true }`.
   * @default {}
   */
  agent?: Readonly<Record<string, string | number | boolean | undefined>>;
  /**
   * Further environment variables. The agent sees none of the shell's: only these, PATH, HOME and what the supervisor
   * sets. They are written into the record and the plist or unit, with mode 0600. Not for secrets, which are better read
   * from a file of their own.
   * @default {}
   */
  env?: Readonly<Record<string, string>>;
  /** @default the user's home folder */
  workingDirectory?: string;
  /** A second address, `127.0.0.1:PORT` or `[::1]:PORT`. It needs an authkey: every user of the machine reaches it. */
  tcp?: string;
  /**
   * macOS: how far the system may throttle the agent; see ProcessType in launchd.plist(5).
   * @default that of `--process-type`
   */
  processType?: ProcessType;
  /**
   * macOS: the app's bundle identifiers, under whose name System Settings shows the agent.
   * @default []
   */
  bundleIdentifiers?: readonly string[];
};

const HINT = 'See `launchpool help install`.';
const { processType: PROCESS_TYPE } = defaultsOf(INSTALL_TABLE);
/** Without these, a job finds hardly a program. The search path of agents whose record has none. */
export const SEARCH_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';
/** macOS: where Homebrew puts programs, on Apple silicon and on Intel; launchd's own path has neither. */
const MAC_FOLDERS = ['/opt/homebrew/bin', '/opt/homebrew/sbin', '/usr/local/bin'];
const MAC_SYSTEM = '/usr/bin:/bin:/usr/sbin:/sbin';

/** The search path of an agent that is installed now. It is recorded: to doctor, a folder that appears later is no change. */
export function searchPathOf({ platform, hasFolder }: Pick<Host, 'platform' | 'hasFolder'>): string {
  return platform === 'darwin' ? [...MAC_FOLDERS.filter(hasFolder), MAC_SYSTEM].join(':') : SEARCH_PATH;
}

/** Time for an agent to start, beyond the time that the module has to load, in seconds. */
export const START_SECONDS = 30;
/** Beyond the time that requests have to finish: for threads to end, and for the log. */
const SLACK_SECONDS = 5;
/** For NATS to confirm that nothing arrives any more, and for the last replies: src/serve/serve.ts. */
const LEAVE_NATS_MS = 11_000;

export type JobPaths = {
  label: string;
  home: string;
  node: string;
  program: string;
  module: string;
  cache: string;
  sockets: Job['sockets'];
  logFile: string | undefined;
  searchPath: string;
};

/**
 * @param options with paths that are absolute: the agent has another working directory.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID
 */
export function jobOf(options: JobOptions, paths: JobPaths): Job {
  const { agent = {}, env = {}, workingDirectory = paths.home, processType = PROCESS_TYPE } = options;
  const flags = flagsOf(agent);
  // Whether there is a key, and a fit one, is nothing to the job.
  const { 'authkey-file': keyFile, ...keyless } = flags;
  const { drainMs, cancelGraceMs, loadTimeoutMs } = agentOptionsOf(paths.module, keyless);
  const tcp = options.tcp === undefined ? undefined : tcpOf(options.tcp);
  if (tcp !== undefined && keyFile === undefined) {
    throw invalid('--tcp without --authkey-file', 'Every user of this machine can connect to it: give it a key.');
  }
  parseValue(INSTALL_TABLE.processType.value, processType, '--process-type', HINT);
  const { label, node, program, module, cache, logFile, searchPath } = paths;
  const own = [
    'run',
    module,
    '--label',
    label,
    '--cache',
    cache,
    ...(logFile === undefined ? [] : ['--log-file', logFile]),
    ...natsArguments(options),
  ];
  return {
    label,
    command: [node, ...NODE_FLAGS, program, ...own, ...argumentsOf(flags)],
    env: { PATH: searchPath, ...checkedEnv(env) },
    workingDirectory,
    sockets: paths.sockets,
    tcp,
    ...(options.nats !== undefined && { isResident: true }),
    logFile,
    startSeconds: Math.ceil(loadTimeoutMs / 1000) + START_SECONDS,
    stopSeconds: stopSecondsOf({ drainMs, cancelGraceMs }, options.nats !== undefined),
    processType,
    bundleIdentifiers: options.bundleIdentifiers ?? [],
  };
}

/** An agent on NATS starts first what has arrived, then leaves as others do. */
function stopSecondsOf({ drainMs, cancelGraceMs }: Pick<AgentOptions, 'drainMs' | 'cancelGraceMs'>, isOnNats: boolean) {
  const leaveMs = isOnNats ? drainMs + LEAVE_NATS_MS : 0;
  return Math.ceil((leaveMs + drainMs + cancelGraceMs) / 1000) + SLACK_SECONDS;
}

/** Time that a thread of the agent may take to load the module, in milliseconds. */
export function loadTimeoutMsOf({ agent = {} }: Pick<JobOptions, 'agent'>): number {
  return agentOptionsOf('', flagsOf({ 'load-timeout': agent['load-timeout'] })).loadTimeoutMs;
}

function flagsOf(agent: NonNullable<JobOptions['agent']>): Record<string, string | true> {
  return givenFlagsOf(AGENT_TABLE, agent, HINT);
}

function tcpOf(text: string): TcpAddress {
  const [, v4, v6, digits] = /^(?:(127\.0\.0\.1|localhost)|\[(::1)\]):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits !== undefined && port >= 1 && port <= 65_535)
    return { host: v4 === undefined && v6 ? '::1' : '127.0.0.1', port };
  throw invalid(`--tcp ${text}: not 127.0.0.1:PORT or [::1]:PORT`, 'Agents listen on the loopback interface only.');
}

function checkedEnv(env: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(env)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw invalid(`--env ${name}: not the name of a variable`);
    if (typeof value !== 'string') throw invalid(`--env ${name}: the value is no text`);
    if (value.includes('\0')) throw invalid(`--env ${name}: a variable cannot have a NUL in it`);
  }
  return env;
}

function invalid(message: string, hint = HINT): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', message, { hint });
}
