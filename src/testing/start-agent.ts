/** Starts the agent of a module for a test: the process, sockets and log that `launchpool dev` has, in a temporary folder. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { controlPathOf } from '../../wire/address.ts';
import { fromPlain, LaunchpoolError } from '../../wire/errors.ts';
import { NODE_FLAGS } from '../activation/node-flags.ts';
import { compileInPlace } from '../bundle/bundle.ts';
import type { AnyMethods } from '../client/agent-types.ts';
import { connect } from '../client/connect.ts';
import type { ConnectOptions } from '../client/connect-options.ts';
import { connectWithRetry } from '../client/connect-with-retry.ts';
import { connectRaw } from '../client/raw.ts';
import { connectControl, type ProcessStatus } from '../control/client.ts';
import { type Activator, type ActivatorEvent, createActivator } from '../holder/activator.ts';
import { invalidOption } from '../options/parse-value.ts';
import { readLastLines } from './last-lines.ts';
import { planRun, type TestAgentOptions } from './options.ts';
import type { TestAgent } from './test-agent.ts';
import { makeTestFolder, type TestFolder } from './test-folder.ts';

const isSource = import.meta.url.endsWith('.ts');
/** The program: in the package, the bundle, which starts faster. */
const PROGRAM = fileURLToPath(new URL(isSource ? '../cli/entry.ts' : '../../launchpool.cjs', import.meta.url));
const SOURCES = 'sources.json';

/**
 * Starts the agent of a module and resolves when a thread has loaded it, its `setup` included. The module is compiled as for
 * `launchpool dev`. The agent runs until `close`, at the longest until the test's process or thread ends: it keeps neither
 * running. Works in worker threads too.
 *
 *     await using agent = await startAgent<typeof import("./agent.ts")>(new URL('./agent.ts', import.meta.url));
 *     await agent.client.greet('you');
 *
 * @param module a file URL, or a path, which is relative to the working directory.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID; ERR_LAUNCHPOOL_MODULE_NOT_LOADED, ERR_LAUNCHPOOL_MODULE_NO_EXPORTS,
 *   ERR_LAUNCHPOOL_MODULE_BOTH_KINDS and ERR_LAUNCHPOOL_LOAD_TIMEOUT for a module that cannot be compiled or loaded, or whose
 *   `setup` fails; ERR_LAUNCHPOOL_NOT_READY when the process ends instead; ERR_LAUNCHPOOL_SOCKET_FAILED. `data.log` has
 *   what the module has printed. Nothing is left of the agent then.
 */
export async function startAgent<Module = AnyMethods>(
  module: URL | string,
  options: TestAgentOptions = {},
): Promise<TestAgent<Module>> {
  const path = pathOf(module);
  const folder = makeTestFolder();
  const log = readLastLines(join(folder.path, 'log'));
  let activator: Activator | undefined;
  const end = async (): Promise<void> => {
    try {
      await activator?.close();
    } finally {
      log.keep();
      folder.remove();
    }
  };
  try {
    const compiled = await writeModule(path, folder);
    const held = await hold(compiled, folder, options);
    ({ activator } = held);
    const { kind } = await held.untilLoaded();
    const open = kind === 'raw' ? connectRaw : connect;
    const clients: AsyncDisposable[] = [];
    const connectToAgent = async (own?: ConnectOptions): Promise<AsyncDisposable> => {
      const client = await open(held.socketPath, { authkey: options.authkey, ...own });
      clients.push(client);
      return client;
    };
    const client = await connectToAgent();
    let closed: Promise<void> | undefined;
    const close = (): Promise<void> => {
      closed ??= Promise.all(clients.map((each) => each[Symbol.asyncDispose]())).then(end);
      return closed;
    };
    const agent = {
      client,
      connect: connectToAgent,
      socketPath: held.socketPath,
      pid: held.pid,
      get log() {
        return log.lines();
      },
      close,
      [Symbol.asyncDispose]: close,
    };
    return agent as unknown as TestAgent<Module>;
  } catch (error) {
    await end();
    throw withLog(error, log.lines());
  }
}

function pathOf(module: URL | string): string {
  if (typeof module === 'string' && !module.startsWith('file:')) return resolve(module);
  try {
    return fileURLToPath(module);
  } catch (cause) {
    throw invalidOption(
      `not the URL of a file: ${module}`,
      "Give new URL('./agent.ts', import.meta.url), or a path.",
      cause,
    );
  }
}

/** @returns the path of the file for the agent to load. */
async function writeModule(path: string, folder: TestFolder): Promise<string> {
  const { loader, sources } = await compileInPlace(path, SOURCES);
  const compiled = join(folder.path, 'module');
  mkdirSync(compiled);
  const file = join(compiled, `${basename(path, extname(path))}.cjs`);
  writeFileSync(file, loader);
  writeFileSync(join(compiled, SOURCES), sources);
  return file;
}

type Held = {
  activator: Activator;
  socketPath: string;
  pid(): number | undefined;
  /** @throws the error of the module, or ERR_LAUNCHPOOL_NOT_READY */
  untilLoaded(): Promise<ProcessStatus>;
};

async function hold(module: string, folder: TestFolder, options: TestAgentOptions): Promise<Held> {
  const { env, workingDirectory, authkey, ...flags } = options;
  const { args, startMs, stopMs } = planRun(module, flags, writeKey(authkey, folder));
  const socketPath = join(folder.path, 'a.sock');
  const logFile = join(folder.path, 'log');
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined);
  let pid: number | undefined;

  function onEvent(event: ActivatorEvent): void {
    pid = event.event === 'started' ? event.pid : undefined;
    if (event.event === 'crashed') ended.reject(notReady(`its process ended with ${event.status}`));
    if (event.event === 'left') ended.reject(notReady('its process exited'));
  }

  const run = [PROGRAM, 'run', module, '--development', '--log-file', logFile, ...args];
  const activator = await createActivator({
    socketPath,
    command: [process.execPath, '--enable-source-maps', ...NODE_FLAGS, ...run],
    env: { ...process.env, ...env },
    ...(workingDirectory !== undefined && { cwd: workingDirectory }),
    logFile,
    stopMs,
    keepAlive: false,
    onEvent,
  });
  return {
    activator,
    socketPath,
    pid: () => pid,
    async untilLoaded() {
      const status = await requestReady(socketPath, startMs, ended.promise);
      if (status.broken === undefined) return status;
      // Not a remote error: no call has failed.
      throw Object.assign(fromPlain(status.broken), { remote: false });
    },
  };
}

/** The agent takes a newline at the end of the file for the editor's. */
function writeKey(authkey: Uint8Array | string | undefined, folder: TestFolder): string | undefined {
  if (authkey === undefined) return undefined;
  const file = join(folder.path, 'authkey');
  writeFileSync(file, Buffer.concat([Buffer.from(authkey as Uint8Array), Buffer.from('\n')]), { mode: 0o600 });
  return file;
}

/** Starts the agent by a connection, and asks for its status, which it gives when it has loaded the module or failed to. */
async function requestReady(socketPath: string, timeoutMs: number, ended: Promise<never>): Promise<ProcessStatus> {
  const starting = await connectWithRetry(socketPath, 0);
  starting.on('error', () => undefined).resume();
  try {
    const control = await connectControl(controlPathOf(socketPath));
    try {
      const ready = control.ready(timeoutMs).catch((error: LaunchpoolError) => {
        if (error.code === 'ERR_LAUNCHPOOL_CALL_TIMEOUT') throw notReady(`no answer within ${timeoutMs / 1000} s`);
        // The end of the process closes its connections first.
        return ended;
      });
      const status = await Promise.race([ready, ended]);
      return status.state === 'leaving' ? await ended : status;
    } finally {
      control.close();
    }
  } finally {
    starting.destroy();
  }
}

function notReady(what: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_NOT_READY', `the agent has not started: ${what}`, {
    hint: 'What it has printed is in data.log.',
  });
}

/** Without the lines of the agent itself, which are JSON until it has started, and have the same error. */
function withLog(error: unknown, lines: readonly string[]): unknown {
  const log = lines.filter((line) => !line.startsWith('{"level":'));
  if (error instanceof LaunchpoolError && log.length > 0) error.data = { ...Object(error.data), log };
  return error;
}
