/** `launchpool call`: makes one call and prints its result. */
import { buffer } from 'node:stream/consumers';
import { LaunchpoolError, toPlain } from '../../../wire/errors.ts';
import { connectRaw } from '../../client/index.ts';
import { connectRpc } from '../../client/rpc.ts';
import { CALL_TABLE } from '../../options/client-table.ts';
import { parseOptions } from '../../options/parse-options.ts';
import { connectOptionsOf } from '../client-flags.ts';
import { describe, exitStatusOf } from '../failure.ts';
import { type CommanderFlags, givenFlags } from '../given-flags.ts';
import { print } from '../print.ts';

export type CallFlags = CommanderFlags & { raw?: boolean; params?: string; json?: boolean };

/** @returns the exit status; 1 when the agent has answered with an error. */
export async function call(target: string, words: readonly string[], flags: CallFlags): Promise<number> {
  try {
    const output = flags.raw ? await callRaw(target, words, flags) : await callMethod(target, words, flags);
    await print(output);
    return 0;
  } catch (error) {
    if (flags.json) await print(`${JSON.stringify({ error: toPlain(error) })}\n`);
    else process.stderr.write(`launchpool: ${describe(error)}\n`);
    return exitStatusOf(error);
  }
}

async function callRaw(target: string, words: readonly string[], flags: CallFlags): Promise<Buffer | string> {
  if (words.length > 1) throw usage('--raw takes at most one argument, the message');
  const [word] = words;
  const message = word === undefined || word === '-' ? await buffer(process.stdin) : Buffer.from(word);
  const client = await connectRaw(target, connectOptionsOf(flags));
  try {
    const reply = await client.request(message, timeoutOf(flags));
    return flags.json ? `${JSON.stringify({ result: reply.toString('utf8') })}\n` : reply;
  } finally {
    client.close();
  }
}

async function callMethod(target: string, [method, ...words]: readonly string[], flags: CallFlags): Promise<string> {
  if (method === undefined) throw usage('the method is missing');
  const params = flags.params === undefined ? await argumentsOf(words) : await paramsOf(flags.params, words);
  const client = await connectRpc(target, connectOptionsOf(flags));
  try {
    const result = await client.call(method, params, timeoutOf(flags));
    return `${JSON.stringify(flags.json ? { result } : result)}\n`;
  } finally {
    client.close();
  }
}

async function argumentsOf(words: readonly string[]): Promise<unknown[]> {
  if (words.filter((word) => word === '-').length > 1) throw usage('"-" (standard input) is given more than once');
  const input = words.includes('-') ? await readInput() : undefined;
  return words.map((word) => (word === '-' ? input : parse(word, 'an argument')));
}

async function paramsOf(text: string, words: readonly string[]): Promise<unknown[]> {
  if (words.length > 0) throw usage('--params takes no further arguments');
  const params = text === '-' ? await readInput() : parse(text, '--params');
  if (Array.isArray(params)) return params;
  if (typeof params === 'object' && params !== null) return [params];
  throw usage('--params takes an array or an object');
}

async function readInput(): Promise<unknown> {
  return parse((await buffer(process.stdin)).toString('utf8'), 'standard input');
}

function parse(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw usage(`${source} is not JSON: ${text.length > 60 ? `${text.slice(0, 60)}…` : text}`, cause);
  }
}

function timeoutOf(flags: CallFlags): { timeoutMs?: number } {
  const { timeoutMs } = parseOptions(CALL_TABLE, givenFlags(CALL_TABLE, flags));
  return timeoutMs === undefined ? {} : { timeoutMs };
}

function usage(message: string, cause?: unknown): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_OPTION_INVALID', message, {
    cause,
    hint: `Give text in JSON quotes inside of the shell's quotes: launchpool call TARGET rot13 '"Hello"'`,
  });
}
