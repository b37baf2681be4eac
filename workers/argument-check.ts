/** Checks the arguments of requests by the types of the methods' parameters. */
import { fileURLToPath } from 'node:url';
import type { ArgumentErrors } from '../description/argument-error.ts';
import type { LaunchpoolError } from '../wire/errors.ts';
import type { RpcRequest } from '../wire/json-rpc.ts';
import type { ValidationMode } from '../wire/validation-mode.ts';
import { createLinePause } from './line-pause.ts';
import { loadDiscovery } from './load-discovery.ts';
import type { WriteLine } from './log-lines.ts';
import { type FoundChecks, readChecks } from './read-checks.ts';

/** Returns the error of a request whose method must not be called. */
export type ArgumentCheck = (request: RpcRequest) => LaunchpoolError | undefined;

export type ArgumentCheckOptions = {
  moduleUrl: string;
  mode: ValidationMode;
  /** Whether the file may be written after the module is loaded, as under `launchpool dev`. */
  isForDeveloper: boolean;
  log: WriteLine;
};

/** Between two tries to read a file that is about to be written. */
const READ_EVERY_MS = 100;

/** @returns undefined if all arguments pass. */
export function createArgumentCheck(options: ArgumentCheckOptions): ArgumentCheck | undefined {
  const { moduleUrl, mode, isForDeveloper, log } = options;
  if (mode === 'off' || !moduleUrl.startsWith('file:')) return undefined;
  const module = fileURLToPath(moduleUrl);
  const mayLog = createLinePause();
  let checks = readLogged(module, log);
  if (checks === undefined && !isForDeveloper) return undefined;
  let nextReadAt = 0;
  let errors: ArgumentErrors | undefined;

  function find(): FoundChecks | undefined {
    if (performance.now() < nextReadAt) return undefined;
    nextReadAt = performance.now() + READ_EVERY_MS;
    checks = readLogged(module, log);
    return checks;
  }

  function errorsIn(folder: string): ArgumentErrors {
    errors ??= loadDiscovery().createArgumentErrors(folder);
    return errors;
  }

  function faultOf(
    { method, params, isByName }: RpcRequest,
    check: (args: readonly unknown[]) => boolean,
    folder: string,
  ): LaunchpoolError | undefined {
    try {
      if (check(params)) return undefined;
    } catch (failure) {
      return errorsIn(folder).unchecked(method, String((failure as Error)?.message ?? failure));
    }
    return errorsIn(folder).refused({ method, args: params, isByName: isByName === true });
  }

  /** A refused notification has no reply that would say so. */
  function note({ method, id }: RpcRequest, { message, data }: LaunchpoolError): void {
    if (mode === 'on' && id !== undefined) return;
    const others = mayLog(method);
    if (others === undefined) return;
    const facts = { method, ...(data as object | undefined), ...(others > 0 && { others }) };
    if (isForDeveloper) log('warn', [message], {});
    else if (mode === 'warn') log('warn', ['arguments-invalid'], facts);
    else log('warn', ['notification-refused'], facts);
  }

  return (request) => {
    const { folder, methods } = checks ?? find() ?? {};
    const check = methods?.[request.method];
    if (check === undefined || folder === undefined) return undefined;
    const error = faultOf(request, check, folder);
    if (error === undefined) return undefined;
    note(request, error);
    return mode === 'on' ? error : undefined;
  };
}

function readLogged(module: string, log: WriteLine): FoundChecks | undefined {
  try {
    return readChecks(module);
  } catch (error) {
    log('warn', [{ err: error }, 'checks-not-read'], {});
    return undefined;
  }
}
