/** `launchpool dev`: the same agent as `run`, with launchpool's own holder in the foreground. */
import { existsSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { socketPathOf } from '../../../wire/address.ts';
import { NODE_FLAGS } from '../../activation/node-flags.ts';
import { agentOptionsOf } from '../../agent/agent-flags.ts';
import type { AgentOptions } from '../../agent/options.ts';
import { type ActivatorEvent, createActivator } from '../../holder/activator.ts';
import { atOrigin, devFlags, type Origins } from '../../installed/package-options.ts';
import { createLog, type Log } from '../../log.ts';
import { AGENT_TABLE } from '../../options/agent-table.ts';
import { type GivenValues, parseOptions } from '../../options/parse-options.ts';
import { DEV_TABLE } from '../../options/run-table.ts';
import { createDevBundle, type DevBundle } from '../dev-bundle.ts';
import { createFileWatcher } from '../file-watcher.ts';
import { type CommanderFlags, givenFlags } from '../given-flags.ts';

/** How long threads and Node may take to end after the drain, in milliseconds. */
const END_MS = 5_000;

/** Runs until a signal, and ends its agent. @returns the exit status. */
export async function dev(module: string, flags: CommanderFlags): Promise<number> {
  const modulePath = resolve(module);
  const { flags: given, origins } = devFlags(modulePath, givenFlags(AGENT_TABLE, flags));
  const { logLevel, drainMs, cancelGraceMs, loadTimeoutMs } = optionsOf(module, given, origins);
  const { socket } = parseOptions(DEV_TABLE, givenFlags(DEV_TABLE, flags));
  const socketPath = socket === undefined ? socketPathOf(defaultLabelOf(modulePath)) : resolve(socket);
  const log = createLog({ level: logLevel, pretty: true });
  await log.open();
  if (!existsSync(modulePath)) log.warn(`there is no ${modulePath} yet`);

  const bundle = await createDevBundle(modulePath, loadTimeoutMs);
  try {
    const ending = new Promise<string>((end) => {
      for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => end(name));
    });
    const stopMs = drainMs + cancelGraceMs + END_MS;
    const signal = await hold(bundle, { socketPath, args: argsOf(given), stopMs, log, ending });
    log.info(`ending (${signal})`);
    return 0;
  } finally {
    await bundle.remove();
  }
}

/** @throws ERR_LAUNCHPOOL_OPTION_INVALID, which names the package.json if the option is there */
function optionsOf(module: string, given: GivenValues, origins: Origins): AgentOptions {
  try {
    return agentOptionsOf(module, given);
  } catch (error) {
    throw atOrigin(error, origins);
  }
}

type HoldOptions = { socketPath: string; args: readonly string[]; stopMs: number; log: Log; ending: Promise<string> };

/** Holds the socket until `ending` resolves. */
async function hold(bundle: DevBundle, { socketPath, args, stopMs, log, ending }: HoldOptions): Promise<string> {
  /** A module may take long to load, and its check with it: a change and the end do not wait for that. */
  let untilChange = new AbortController();
  void ending.then(() => untilChange.abort());
  const refresh = async (): Promise<void> => {
    const error = await bundle.refresh(untilChange.signal);
    if (error !== undefined) log.error(error.message);
    else for (const note of bundle.notes) log.info(note);
    watcher.add(bundle.sources);
  };
  let restart = (): void => undefined;
  let last: Promise<void> = Promise.resolve();
  const watcher = createFileWatcher({
    onChange(file) {
      // Its own files come back by a refresh.
      if (bundle.isOwn(file) && bundle.isThere()) return;
      log.info(bundle.isOwn(file) ? 'the compiled files are gone' : `${basename(file)} has changed`);
      untilChange.abort();
      untilChange = new AbortController();
      // One refresh after another: the last bundle has the last change.
      last = last
        .then(refresh)
        .then(() => restart())
        .catch((error) => log.error((error as Error).message));
    },
    onPolling(error) {
      log.warn(`the system can watch no further folders (${error.code}): the files are looked at every second instead`);
    },
  });
  try {
    watcher.add(bundle.sources);
    last = refresh();
    await last;
    const activator = await createActivator({
      socketPath,
      command: [
        process.execPath,
        '--enable-source-maps',
        ...NODE_FLAGS,
        ENTRY,
        'run',
        bundle.path,
        '--development',
        ...args,
      ],
      stopMs,
      onEvent: (event) => logEvent(log, event),
      onFiles({ files, written, since }) {
        // A source that the agent writes, such as a generated one, counts all the same.
        watcher.ignore(written.filter((file) => !bundle.sources.includes(file)));
        watcher.add(
          files.filter((file) => bundle.isOfProject(file)),
          since,
        );
      },
    });
    restart = activator.restart;
    log.info(`${basename(bundle.module)} listens at ${socketPath}; the first connection starts it`);
    const signal = await ending;
    await activator.close();
    return signal;
  } finally {
    watcher.close();
    untilChange.abort();
    await last;
  }
}

const ENTRY = fileURLToPath(new URL(`../entry${extname(import.meta.url)}`, import.meta.url));

function logEvent(log: Log, event: ActivatorEvent): void {
  if (event.event === 'started') log.info(`a client connected: started process ${event.pid}`);
  else if (event.event === 'left') log.info(`process ${event.pid} exited after ${seconds(event.uptimeMs)} s`);
  else if (event.event === 'crashed') {
    log.error(
      `process ${event.pid} ended with ${event.status}; the next starts in ${seconds(event.backoffMs)} s at the earliest`,
    );
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(1);
}

function argsOf(given: GivenValues): string[] {
  return Object.entries(given).flatMap(([name, value]) =>
    value === undefined || value === false ? [] : value === true ? [`--${name}`] : [`--${name}`, String(value)],
  );
}

/** The module's file name, without characters that a label cannot have. */
function defaultLabelOf(modulePath: string): string {
  const name = basename(modulePath, extname(modulePath))
    .replace(/[^A-Za-z0-9_-]+/g, '-')
    .replace(/^-+/, '');
  return name === '' ? 'agent' : name;
}
