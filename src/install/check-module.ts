/** Loads a module in a process of its own, from where it is installed, before anybody depends on it. */
import { fork } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fromPlain, LaunchpoolError, type PlainError } from '../../wire/errors.ts';
import type { ModuleFacts } from '../../workers/task.ts';

/** A module that has not been loaded by then is not going to be. */
const TIMEOUT_MS = 60_000;
/** Of what it prints, so much is kept, in characters. */
const MAX_PRINTED = 4_000;

const HINT = '`launchpool dev` with the same module shows how it fails, with its stack.';

export type CheckModule = {
  /** The Node that will run it. */
  node: string;
  /** The program that does it: runtime-files.ts. */
  program: string;
  module: string;
  env: Readonly<Record<string, string>>;
};

/** @throws ERR_LAUNCHPOOL_MODULE_NOT_LOADED, ERR_LAUNCHPOOL_MODULE_NO_EXPORTS, ERR_LAUNCHPOOL_MODULE_BOTH_KINDS */
export function checkModule({ node, program, module, env }: CheckModule): Promise<ModuleFacts> {
  return new Promise((resolve, reject) => {
    const child = fork(program, [module], {
      execPath: node,
      execArgv: [],
      env: { ...env },
      cwd: tmpdir(),
      silent: true,
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        printed = (printed + text).slice(-MAX_PRINTED);
      });
    }
    const late = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
    let message: ({ error: PlainError } | ModuleFacts) | undefined;
    child.once('message', (said) => {
      message = said as typeof message;
    });
    child.once('error', (cause) => reject(notLoaded(`${node} cannot be started: ${cause.message}`, cause)));
    child.once('close', (status, signal) => {
      clearTimeout(late);
      if (message === undefined) {
        const how = signal === null ? `exit status ${status}` : `signal ${signal}`;
        reject(notLoaded(`loading ${module} ended its process (${how}): ${printed.trim()}`));
      } else if ('error' in message) {
        reject(known(message.error));
      } else {
        resolve(message);
      }
    });
  });
}

/** It is this side's error now: nobody has been called. */
function known(plain: PlainError): LaunchpoolError {
  const error = fromPlain(plain);
  error.remote = false;
  error.hint ??= HINT;
  if (!String(error.code).startsWith('ERR_LAUNCHPOOL_MODULE_')) error.code = 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED';
  return error;
}

function notLoaded(message: string, cause?: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_MODULE_NOT_LOADED', message, { cause, hint: HINT });
}
