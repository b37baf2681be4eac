/** Checks a module: loads it in a separate process, before the agent runs it. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { fromPlain, LaunchpoolError, type PlainError } from '../../wire/errors.ts';
import { loadTimeout } from '../../wire/load-timeout.ts';
import type { CheckedUses, Inspection, MethodForms, ModuleFacts } from '../../workers/task.ts';

/** How much of the module's output an error contains, in characters. */
const MAX_OUTPUT = 4_000;
/** How long the output of a process that has exited may take to arrive, in milliseconds. */
const OUTPUT_MS = 1_000;

const HINT = '`launchpool dev` with the same module shows the error with its stack.';

export type CheckModule = {
  /** Path of the Node that runs the agent. */
  node: string;
  /** Path of the script that loads the module: CHECK in runtime-files.ts. */
  program: string;
  module: string;
  env: NodeJS.ProcessEnv;
  workingDirectory: string;
  /** Time that the module may take to load, in milliseconds. */
  timeoutMs: number;
  /** Put before the command of the process. @default nothing */
  wrapper?: readonly string[] | undefined;
  /** Whether to leave out its `setup`. @default false */
  isImportOnly?: boolean;
  /** Called with what the module looked for, also when it cannot be loaded. Not with `isImportOnly`. */
  onUses?: (uses: CheckedUses) => void;
  /** Called with the number of parameters of each method. */
  onForms?: (forms: MethodForms) => void;
  /** Ends the check, which then fails. */
  signal?: AbortSignal;
};

/**
 * Resolves when the process of the check has ended: it is killed once its answer is there. Processes that the module has started end with it, unless they have
 * left its process group.
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED, ERR_LAUNCHPOOL_MODULE_NO_EXPORTS, ERR_LAUNCHPOOL_MODULE_BOTH_KINDS,
 *   ERR_LAUNCHPOOL_LOAD_TIMEOUT
 */
export async function checkModule(options: CheckModule): Promise<ModuleFacts> {
  const { node, program, module, env, workingDirectory, timeoutMs, isImportOnly = false, signal: ending } = options;
  const [execPath = node, ...execArgv] = [...(options.wrapper ?? []), node];
  if (!existsSync(workingDirectory)) throw notLoaded(`the working directory ${workingDirectory} does not exist`);
  const child = fork(program, isImportOnly ? [module, 'import'] : [module], {
    execPath,
    execArgv,
    env: { ...env },
    cwd: workingDirectory,
    silent: true,
    // A process group of its own. boot/check.ts ends it when this process ends, since Ctrl+C does not reach it.
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT);
    });
  }
  let message: Inspection | undefined;
  child.once('message', (received) => {
    message = received as typeof message;
    // The exit of the process may never come: see libc/exit-now.ts.
    endGroup(child);
  });
  let isTooSlow = false;
  const timeout = setTimeout(() => {
    isTooSlow = true;
    endGroup(child);
  }, timeoutMs);
  const onEnding = (): void => endGroup(child);
  if (ending?.aborted) onEnding();
  ending?.addEventListener('abort', onEnding);
  // Does not come while another process has the pipes of the output.
  const closed = once(child, 'close').catch(() => undefined);
  try {
    const [status, signal] = await once(child, 'exit').catch((cause) => {
      throw notLoaded(`${node} cannot be started: ${cause.message}`, cause);
    });
    clearTimeout(timeout);
    endGroup(child);
    if (message === undefined) await Promise.race([closed, wait(OUTPUT_MS, undefined, { ref: false })]);
    if (message !== undefined) return factsOf(message, options);
    if (isTooSlow) throw loadTimeout(timeoutMs);
    const how = signal === null ? `exit status ${status}` : `signal ${signal}`;
    throw notLoaded(`the process exited while it loaded ${module} (${how}): ${output.trim()}`);
  } finally {
    clearTimeout(timeout);
    ending?.removeEventListener('abort', onEnding);
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream?.destroy();
    if (child.connected) child.disconnect();
  }
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // All of its processes have exited.
  }
}

function factsOf({ uses, ...result }: Inspection, { onUses, onForms }: CheckModule): ModuleFacts {
  if (uses !== undefined) onUses?.(uses);
  if ('error' in result) throw moduleError(result.error);
  const { forms, ...facts } = result;
  if (forms !== undefined) onForms?.(forms);
  return facts;
}

/** Not a remote error: no agent was called. */
function moduleError(plain: PlainError): LaunchpoolError {
  const error = fromPlain(plain);
  error.remote = false;
  error.hint ??= HINT;
  if (!String(error.code).startsWith('ERR_LAUNCHPOOL_MODULE_')) error.code = 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED';
  return error;
}

function notLoaded(message: string, cause?: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NOT_LOADED', message, { cause, hint: HINT });
}
