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
import { argumentsOf } from '../../options/flags.ts';
import { type GivenValues, parseOptions } from '../../options/parse-options.ts';
import { DEV_TABLE } from '../../options/run-table.ts';
import { labelFrom } from '../default-label.ts';
import { createDevBundle, type DevBundle } from '../dev-bundle.ts';
import { type Debugging, debuggingOf } from '../dev-debugging.ts';
import { createFileWatcher } from '../file-watcher.ts';
import { type CommanderFlags, givenFlags } from '../given-flags.ts';
import { type Interrupts, listenForInterrupts } from '../interrupts.ts';

/** How long threads, their profiles and Node may take to end after the drain, in milliseconds. */
const END_MS = 10_000;

/** Runs until a signal, and ends its agent; a second signal ends both at once. @returns the exit status. */
export async function dev(module: string, flags: CommanderFlags): Promise<number> {
  const modulePath = resolve(module);
  const label = labelFrom(basename(modulePath, extname(modulePath)));
  const options = parseOptions(DEV_TABLE, givenFlags(DEV_TABLE, flags));
  const { flags: asked, origins } = devFlags(modulePath, definedOf(givenFlags(AGENT_TABLE, flags)));
  const debugging = debuggingOf(options, asked, label);
  const given = { ...debugging.defaults, ...asked };
  const { logLevel, drainMs, cancelGraceMs, loadTimeoutMs } = optionsOf(module, given, origins);
  const { socket } = options;
  const socketPath = socket === undefined ? socketPathOf(label) : resolve(socket);
  const log = createLog({ level: logLevel, pretty: true });
  await log.open();
  for (const note of debugging.notes) log.info(note);
  if (!existsSync(modulePath)) log.warn(`there is no ${modulePath} yet`);

  const interrupts = listenForInterrupts();
  const bundle = await createDevBundle(modulePath, loadTimeoutMs, (reason) =>
    log.info(`the methods are described without types: ${reason}`),
  );
  interrupts.atOnce(bundle.removeNow);
  try {
    const stopMs = drainMs + cancelGraceMs + END_MS;
    const args = [...debugging.args, ...argumentsOf(given)];
    const signal = await hold(bundle, { ...debugging, socketPath, args, stopMs, log, interrupts });
    log.info(`ending (${signal})`);
    return 0;
  } finally {
    await bundle.remove();
  }
}

type HoldOptions = Pick<Debugging, 'nodeFlags' | 'startsAtOnce'> & {
  socketPath: string;
  args: readonly string[];
  stopMs: number;
  log: Log;
  interrupts: Interrupts;
};
/** @throws ERR_LAUNCHPOOL_OPTION_INVALID, which names the package.json if the option is there */
function optionsOf(module: string, given: GivenValues, origins: Origins): AgentOptions {
  try {
    return agentOptionsOf(module, given);
  } catch (error) {
    throw atOrigin(error, origins);
  }
}

/** Holds the socket until the first signal. */
async function hold(bundle: DevBundle, options: HoldOptions): Promise<string> {
  const { socketPath, nodeFlags, args, startsAtOnce, stopMs, log, interrupts } = options;
  /** A module may take long to load, and its check with it: a change and the end do not wait for that. */
  let untilChange = new AbortController();
  void interrupts.first.then(() => untilChange.abort());
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
        ...nodeFlags,
        ENTRY,
        'run',
        bundle.path,
        '--development',
        ...args,
      ],
      stopMs,
      startsAtOnce,
      onEvent: (event) => logEvent(log, event, startsAtOnce),
      onFiles({ files, written, since }) {
        // A source that the agent writes, such as a generated one, counts all the same.
        watcher.ignore(written.filter((file) => !bundle.sources.includes(file)));
        watcher.add(
          files.filter((file) => bundle.isOfProject(file)),
          since,
        );
      },
    });
    interrupts.atOnce(activator.closeNow);
    restart = activator.restart;
    log.info(`${basename(bundle.module)} listens at ${socketPath}; the first connection starts it`);
    const signal = await interrupts.first;
    await activator.close();
    return signal;
  } finally {
    watcher.close();
    untilChange.abort();
    await last;
  }
}

const ENTRY = fileURLToPath(new URL(`../entry${extname(import.meta.url)}`, import.meta.url));

function logEvent(log: Log, event: ActivatorEvent, startsAtOnce: boolean): void {
  if (event.event === 'started') log.info(`${startsAtOnce ? '' : 'a client connected: '}started process ${event.pid}`);
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

function definedOf(given: GivenValues): GivenValues {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
