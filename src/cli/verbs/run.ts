/** `launchpool run`: the agent itself, started by a supervisor that hands it a socket. Loads no more than it needs. */
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { exitAtOnce } from '../../../libc/exit-now.ts';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { checkIn } from '../../activation/check-in.ts';
import { type Environment, takeEnvironment } from '../../activation/environment.ts';
import { holdLifeline } from '../../activation/lifeline.ts';
import { listenForSignals, type Signals } from '../../activation/signals.ts';
import type { AgentOptions } from '../../agent/options.ts';
import { createLog, type Log } from '../../log.ts';
import { SUPERVISED_UPTIME_SECONDS } from '../../options/agent-table.ts';
import { type FirstThread, startFirstThread } from '../../pool/first-thread.ts';
import { limitsOf } from '../../pool/thread-limits.ts';
import { readArguments } from '../run-arguments.ts';

/** What is of no use to the first request is loaded when it has had so much time, in milliseconds. */
const QUIET_MS = 100;
/** Between two looks at how long the log has become. */
const LOG_CHECK_MS = 60_000;

/** What has been done before this is loaded, where an earlier start of the first thread is worth it. */
export type EarlyStart = {
  signals: Signals;
  /** The supervisor's variables; they are not in the process's environment any more. */
  env: Environment;
  worker: Worker;
  /** Where compiled code is kept. */
  codeFolder: string;
  /** Called when nobody waits any more for what the agent does first. */
  onQuiet(): void;
};

/**
 * Serves until the agent leaves.
 * @returns the exit status.
 * @throws ERR_LAUNCHPOOL_NOT_SUPERVISED when nobody has handed over a socket.
 */
export async function run(args: readonly string[], early?: EarlyStart): Promise<number> {
  const signals = early?.signals ?? listenForSignals();
  const env = early?.env ?? takeEnvironment();
  const { options, label, logFile, unfit } = readArguments(args);
  const first = unfit ?? startFirst(options, early);
  const [found, { startAgent }] = await Promise.all([checkIn({ env, label }), import('../../agent/agent.ts')]);
  if (found === undefined) throw unfit ?? notSupervised(options.moduleUrl);
  const log = createLog({ level: options.logLevel, pretty: options.development });
  log.debug({ supervisor: found.supervisor }, 'checked-in');

  // Whatever asks the agent to leave may do so before there is one.
  const orphaned = Promise.withResolvers<string>();
  const lifeline =
    found.lifelineFd === undefined ? undefined : holdLifeline(found.lifelineFd, () => orphaned.resolve('holder gone'));
  const onFiles = (files: string[]): void => lifeline?.report(files);
  options.minUptimeMs ??= found.supervisor === 'embedded' ? 0 : SUPERVISED_UPTIME_SECONDS * 1000;
  const tell = (message: string): void => {
    found.notify?.(message).catch((error) => log.warn({ err: error }, 'not-notified'));
  };
  const onShutdown = (reason: string): void => tell(`STOPPING=1\nSTATUS=Leaving (${reason})`);
  const agent = await startAgent({ options, sockets: found.sockets, log, onFiles, onShutdown, first });
  // Why it cannot be done stands in the log.
  signals.onReload(() => void agent.reload().catch(() => undefined));
  tell(`READY=1\nSTATUS=Serving ${basename(options.moduleUrl)}`);
  if (found.watchdogMs !== undefined) setInterval(tell, found.watchdogMs / 2, 'WATCHDOG=1').unref();
  setTimeout(() => {
    try {
      early?.onQuiet();
    } catch (error) {
      log.warn({ err: error }, 'code-cache-not-written');
    }
    agent.settleIn();
    log.open();
    if (logFile !== undefined) rotateRegularly(logFile, log);
  }, QUIET_MS).unref();
  Promise.race([signals.leave, orphaned.promise]).then(agent.shutDown);
  const { status, hasThreads } = await agent.stopped;
  if (hasThreads) exitAtOnce(status);
  return status;
}

function startFirst(
  { moduleUrl, development, concurrency, ...options }: AgentOptions,
  early?: EarlyStart,
): FirstThread {
  const { codeFolder, worker } = early ?? {};
  const threadOptions = { moduleUrl, exposeStacks: development, reportFiles: development, concurrency, codeFolder };
  return startFirstThread(threadOptions, options.threads, worker, limitsOf(options.threadMemoryMb));
}

/** At once, and every minute from then on. */
async function rotateRegularly(path: string, log: Log): Promise<void> {
  const { rotateLog } = await import('../../log-file.ts');
  const check = (): void => {
    try {
      rotateLog(path);
    } catch (error) {
      log.warn({ err: error }, 'log-not-rotated');
    }
  };
  check();
  setInterval(check, LOG_CHECK_MS).unref();
}

function notSupervised(moduleUrl: string): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_NOT_SUPERVISED',
    '`launchpool run` is what launchd or systemd starts when somebody connects; nobody has handed it a socket',
    { hint: `To try the agent out, run: launchpool dev ${fileURLToPath(moduleUrl)}` },
  );
}
