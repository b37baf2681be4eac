/** The error of arguments that do not have the types of their parameters. A thread loads this file with the first of them. */
import { LaunchpoolError } from '../wire/errors.ts';
import { pointerInParams } from '../wire/json-pointer.ts';
import { type ArgumentFault, argumentFault } from './argument-faults.ts';
import type { Description } from './description.ts';
import { readDescription } from './description-file.ts';

export type RefusedCall = {
  method: string;
  args: readonly unknown[];
  /** Whether the params of the request are one object. */
  isByName: boolean;
};

export type ArgumentErrors = {
  /** Of arguments that have not passed. */
  refused(call: RefusedCall): LaunchpoolError;
  /** @param reason why they cannot be checked. */
  unchecked(method: string, reason: string): LaunchpoolError;
};

/** @param folder the root of the version. Its description is read with the first error. */
export function createArgumentErrors(folder: string): ArgumentErrors {
  let description: Description | undefined;
  return {
    refused(call) {
      description ??= readDescription(folder);
      return argumentError(description, call);
    },
    unchecked: uncheckedError,
  };
}

/** @param description undefined if there is none, or none that fits the checks. */
function argumentError(description: Description | undefined, call: RefusedCall): LaunchpoolError {
  const { method, args, isByName } = call;
  const found = description && argumentFault(description, method, args);
  const signature = description?.methods.find(({ name }) => name === method)?.signature[0];
  const hint = signature && `It is ${signature}.`;
  if (found === undefined)
    return invalid(`the arguments of ${method} do not have the types of its parameters`, { hint });
  // As the caller has sent them.
  const data: ArgumentFault = { ...found, pointer: pointerInParams(found.pointer, isByName) };
  const { parameter, pointer, expected, found: value } = data;
  const place = isNested(found.pointer) ? ` at ${pointer}` : '';
  const isWhole = isByName && pointer === '';
  const byName = isWhole ? 'Params that are an object are the first argument; an array has all of them. ' : '';
  return invalid(`argument "${parameter}" of ${method}${place}: expected ${expected}, found ${value}`, {
    hint: hint && `${byName}${hint}`,
    data,
  });
}

function uncheckedError(method: string, reason: string): LaunchpoolError {
  return invalid(`the arguments of ${method} cannot be checked: ${reason}`, {
    hint: 'They are nested too deeply, or a type has too many ways to be tried. --validate off passes all arguments.',
  });
}

function invalid(message: string, more: { hint?: string | undefined; data?: ArgumentFault }): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_PARAMS_INVALID', message, more);
}

function isNested(pointer: string): boolean {
  return pointer.indexOf('/', 1) !== -1;
}
