/** `launchpool run`: the agent, started by a supervisor that passes it a socket. Loads as little as possible. */

import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { type SocketPaths, socketPathsOf } from '../../../wire/address.ts';
import { fromPlain, LaunchpoolError, toPlain } from '../../../wire/errors.ts';
import type { FileReport } from '../../../wire/file-report.ts';
import { shellWord } from '../../../wire/shell-word.ts';
import type { AgentKind, ModuleFacts } from '../../../workers/task.ts';
import { type CheckIn, checkIn } from '../../activation/check-in.ts';
import { type Environment, takeEnvironment } from '../../activation/environment.ts';
import { holdLifeline } from '../../activation/lifeline.ts';
import { listenForSignals, type Signals } from '../../activation/signals.ts';
import type { AgentOptions } from '../../agent/options.ts';
import { createLog, type Log } from '../../log.ts';
import { readModuleFile } from '../../module/module-file.ts';
import { SUPERVISED_UPTIME_SECONDS } from '../../options/agent-table.ts';
import { type FirstThread, startFirstThread } from '../../pool/first-thread.ts';
import { limitsOf } from '../../pool/thread-limits.ts';
import type { ProfileOptions, ThreadProfiles } from '../../profiles/thread-profiles.ts';
import type { Serving } from '../../serve/serve.ts';
import { standardError } from '../../standard-streams.ts';
import type { connectToNats as Connect } from '../nats-serving.ts';
import { readArguments } from '../run-arguments.ts';

/** The folder of an installed version, whose files do not change. What `dev` compiles refers to files that do. */
const VERSION_FOLDER = /\/versions\/[0-9a-f]{20}\//;

/** How long work that the first request does not need is delayed, in milliseconds. */
const QUIET_MS = 100;
/** Between two checks of the log's size. */
const LOG_CHECK_MS = 10_000;

/** An agent on NATS needs no socket of a supervisor. */
const NO_SOCKETS: CheckIn = { supervisor: 'embedded', sockets: { agent: [], control: [] }, lifelineFd: undefined };

/** The work that boot/start.ts has done before this file is loaded, so that the first thread starts early. */
export type EarlyStart = {
  signals: Signals;
  /** The supervisor's variables, which are removed from the environment of the process. */
  env: Environment;
  worker: Worker;
  /** The folder of compiled code. */
  codeFolder: string;
  /** Called when the first request has had its time. */
  onQuiet(): void;
  /** The module of the user, if the agent loads a compiled one from elsewhere. */
  source: string;
};

/**
 * Serves until the agent shuts down.
 * @returns the exit status.
 * @throws ERR_LAUNCHPOOL_NOT_SUPERVISED when no supervisor has passed a socket.
 */
export async function run(args: readonly string[], early?: Partial<EarlyStart>): Promise<number> {
  const signals = early?.signals ?? listenForSignals();
  const env = early?.env ?? takeEnvironment();
  const { options, label, logFile, profiles, nats, unfit } = readArguments(args);
  let unfitFile: string | undefined;
  const onUnfitFile = (path: string): void => {
    unfitFile = path;
  };
  const facts = unfit === undefined ? readFacts(options.moduleUrl, onUnfitFile) : undefined;
  const first = unfit ?? startFirst(options, facts?.kind, early);
  const [checkedIn, { startAgent }] = await Promise.all([checkIn({ env, label }), import('../../agent/agent.ts')]);
  const found = checkedIn ?? (nats === undefined ? undefined : NO_SOCKETS);
  if (found === undefined) throw unfit ?? notSupervised(options.moduleUrl);
  const log = createLog({ level: options.logLevel, pretty: options.development });
  log.debug({ supervisor: found.supervisor }, 'checked-in');
  const profiled = profiles && (await startProfiles(profiles, options.moduleUrl, log));
  // The first line of the log may be what the developer has to act on.
  if (options.inspect !== undefined) void log.open();
  if (unfitFile !== undefined) log.warn({ path: unfitFile }, 'module-file-unfit');

  // The holder may exit before the agent has started.
  const orphaned = Promise.withResolvers<string>();
  const lifeline =
    found.lifelineFd === undefined
      ? undefined
      : holdLifeline(found.lifelineFd, () => orphaned.resolve('the holder exited'));
  const onFiles = (report: FileReport): void => lifeline?.report(report);
  options.minUptimeMs ??= found.supervisor === 'embedded' ? 0 : SUPERVISED_UPTIME_SECONDS * 1000;
  const notify = (message: string): void => {
    found.notify?.(message).catch((error) => log.warn({ err: error }, 'not-notified'));
  };
  const onShutdown = (reason: string): void => {
    notify(`STOPPING=1\nSTATUS=Shutting down (${reason})`);
    void serving?.leave();
  };
  const serving =
    nats &&
    (await connectToNats(nats, { agentOptions: options, kind: facts?.kind, label, source: early?.source, log }));
  const agent = await startAgent({
    options,
    sockets: found.sockets,
    renamed: found.supervisor === 'launchd' ? { jobPaths: pathsOfLabel(label) } : undefined,
    log,
    facts,
    readFacts,
    onFiles,
    onShutdown,
    first,
  });
  // The agent logs the error.
  signals.onReload(() => void agent.reload().catch(() => undefined));
  void serving?.lost.then(agent.shutDown);
  // Nothing new arrives from NATS when the connections are closed.
  signals.leave.then((signal) => Promise.resolve(serving?.leave()).then(() => agent.shutDown(signal)));
  orphaned.promise.then(agent.shutDownOrphaned);
  if (await agent.listening) {
    if (serving !== undefined) {
      await agent.load();
      // One whose module does not load would take the calls of the others, and answer each with that error.
      if (agent.isBroken) agent.shutDown('module-broken');
      else await serving.announce(agent, facts);
    }
    notify(`READY=1\nSTATUS=Serving ${basename(options.moduleUrl)}`);
    if (found.watchdogMs !== undefined) setInterval(notify, found.watchdogMs / 2, 'WATCHDOG=1').unref();
    setTimeout(() => {
      try {
        early?.onQuiet?.();
      } catch (error) {
        log.warn({ err: error }, 'code-cache-not-written');
      }
      agent.settleIn();
      log.open();
      if (logFile !== undefined) limitLog(logFile, log);
    }, QUIET_MS).unref();
  }
  const status = await agent.stopped;
  const servingStatus = await serving?.close();
  await profiled?.end();
  return status || (servingStatus ?? 0);
}

/** The errors of the other file are of a class of their own. */
async function connectToNats(...args: Parameters<typeof Connect>): Promise<Serving> {
  const { connectToNats: connect } = await import('../nats-serving.ts');
  return connect(...args).catch((error) => {
    throw Object.assign(fromPlain(toPlain(error)), { remote: false });
  });
}

/** Looks at the first thread while it boots, before it loads the module. */
async function startProfiles(options: ProfileOptions, moduleUrl: string, log: Log): Promise<ThreadProfiles> {
  const { startDevProfiles } = await import('../dev-profiles.ts');
  return startDevProfiles(options, moduleUrl, log);
}

/** Undefined without a label, and for one whose paths are too long: then the job was not installed by launchpool. */
function pathsOfLabel(label: string | undefined): SocketPaths | undefined {
  try {
    return label === undefined ? undefined : socketPathsOf(label);
  } catch {
    return undefined;
  }
}

function readFacts(moduleUrl: string, onUnfitFile?: (path: string) => void): ModuleFacts | undefined {
  return moduleUrl.startsWith('file:') ? readModuleFile(fileURLToPath(moduleUrl), onUnfitFile) : undefined;
}

function startFirst(
  { moduleUrl, development, concurrency, maxBatch, validate, maxReplyBytes, inspect, ...options }: AgentOptions,
  kind: AgentKind | undefined,
  early?: Partial<EarlyStart>,
): FirstThread {
  const { codeFolder, worker } = early ?? {};
  const dev = { exposeStacks: development, reportFiles: development };
  const own = { moduleUrl, kind, takesSnapshot: !VERSION_FOLDER.test(moduleUrl), codeFolder };
  const threadOptions = { ...own, ...dev, concurrency, maxBatch, validate, maxReplyBytes, inspect };
  return startFirstThread(threadOptions, options.threads, worker, limitsOf(options.threadMemoryMb));
}

/** Rotates the log as it is written, and looks regularly for what other writers have added. */
async function limitLog(path: string, log: Log): Promise<void> {
  const { createRotation } = await import('../../log-file.ts');
  const rotation = createRotation({ path, onFailed: (error) => log.warn({ err: error }, 'log-not-rotated') });
  standardError.onWritten = rotation.wrote;
  setInterval(rotation.check, LOG_CHECK_MS).unref();
}

function notSupervised(moduleUrl: string): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_NOT_SUPERVISED',
    '`launchpool run` is started by launchd or systemd when a client connects; no supervisor has passed it a socket',
    { hint: `To try the agent, run: launchpool dev ${shellWord(fileURLToPath(moduleUrl))}` },
  );
}
