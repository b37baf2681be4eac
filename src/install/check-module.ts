/** Checks a module: loads it in a separate process, before the agent runs it. */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fromPlain, LaunchpoolError, type PlainError } from '../../wire/errors.ts';
import { loadTimeout } from '../../wire/load-timeout.ts';
import type { ModuleFacts } from '../../workers/task.ts';

/** How much of the module's output an error contains, in characters. */
const MAX_OUTPUT = 4_000;

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
  /** Whether to leave out its `setup`. @default false */
  isImportOnly?: boolean;
};

/**
 * @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED, ERR_LAUNCHPOOL_MODULE_NO_EXPORTS, ERR_LAUNCHPOOL_MODULE_BOTH_KINDS,
 *   ERR_LAUNCHPOOL_LOAD_TIMEOUT
 */
export function checkModule(options: CheckModule): Promise<ModuleFacts> {
  const { node, program, module, env, workingDirectory, timeoutMs, isImportOnly = false } = options;
  return new Promise((resolve, reject) => {
    if (!existsSync(workingDirectory)) throw notLoaded(`the working directory ${workingDirectory} does not exist`);
    const child = fork(program, isImportOnly ? [module, 'import'] : [module], {
      execPath: node,
      execArgv: [],
      env: { ...env },
      cwd: workingDirectory,
      silent: true,
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-MAX_OUTPUT);
      });
    }
    let isTooSlow = false;
    const timeout = setTimeout(() => {
      isTooSlow = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    let message: ({ error: PlainError } | ModuleFacts) | undefined;
    child.once('message', (received) => {
      message = received as typeof message;
    });
    child.once('error', (cause) => reject(notLoaded(`${node} cannot be started: ${cause.message}`, cause)));
    child.once('close', (status, signal) => {
      clearTimeout(timeout);
      if (isTooSlow) reject(loadTimeout(timeoutMs));
      else if (message === undefined) {
        const how = signal === null ? `exit status ${status}` : `signal ${signal}`;
        reject(notLoaded(`the process exited while it loaded ${module} (${how}): ${output.trim()}`));
      } else if ('error' in message) {
        reject(moduleError(message.error));
      } else {
        resolve(message);
      }
    });
  });
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
