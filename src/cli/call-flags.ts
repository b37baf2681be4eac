/** The flags of `launchpool call`, and the method and arguments that they and its words give. */
import { CALL_TABLE } from '../options/client-table.ts';
import { parseOptions } from '../options/parse-options.ts';
import { argumentsOf, paramsOf, usage } from './call-arguments.ts';
import { type CommanderFlags, givenFlags } from './given-flags.ts';

export type CallFlags = CommanderFlags & {
  raw?: boolean;
  params?: string;
  textArg?: string[];
  bytesArg?: string[];
  text?: boolean;
  stream?: boolean;
  later?: boolean;
  result?: string;
  json?: boolean;
};

/** @throws ERR_LAUNCHPOOL_OPTION_INVALID */
export async function callOf([method, ...words]: readonly string[], flags: CallFlags) {
  if (method === undefined) throw usage('the method is missing');
  const { params: all, textArg = [], bytesArg = [] } = flags;
  const rest = [...words, ...textArg, ...bytesArg];
  const params = all === undefined ? await argumentsOf(words, textArg, bytesArg) : await paramsOf(all, rest);
  return { method, params };
}

export function timeoutOf(flags: CallFlags): { timeoutMs?: number } {
  const { timeoutMs } = parseOptions(CALL_TABLE, givenFlags(CALL_TABLE, flags));
  return timeoutMs === undefined ? {} : { timeoutMs };
}
