/** `launchpool call`: makes one call and prints its result, or the values of its stream as they come. */
import { buffer } from 'node:stream/consumers';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { encodeJson } from '../../../wire/json-rpc.ts';
import type { AgentCall } from '../../client/agent-call.ts';
import { connectRaw } from '../../client/index.ts';
import { connectRpc } from '../../client/rpc.ts';
import { usage } from '../call-arguments.ts';
import { type CallFlags, callOf, timeoutOf } from '../call-flags.ts';
import { connectOptionsOf } from '../client-flags.ts';
import { print } from '../print.ts';
import { createProgressBar, type ProgressBar } from '../progress-bar.ts';
import { reportError } from '../report.ts';
import { StreamOutput } from '../stream-output.ts';

/** @returns the exit status; 1 when the agent has answered with an error. */
export async function call(target: string, words: readonly string[], flags: CallFlags): Promise<number> {
  try {
    if (flags.later || flags.result !== undefined) await callLater(target, words, flags);
    else if (flags.raw) await callRaw(target, words, flags);
    else await callMethod(target, words, flags);
    return 0;
  } catch (error) {
    return reportError(error, flags.json);
  }
}

async function callRaw(target: string, words: readonly string[], flags: CallFlags): Promise<void> {
  if (words.length > 1) throw usage('--raw takes at most one argument, the message');
  const { text, stream, textArg, bytesArg, params } = flags;
  if (text || stream || textArg || bytesArg || params)
    throw usage('--raw sends and prints bytes: it has no other arguments');
  const [word] = words;
  const message = word === undefined || word === '-' ? await buffer(process.stdin) : Buffer.from(word);
  const client = await connectRaw(target, connectOptionsOf(flags));
  try {
    const reply = await client.request(message, timeoutOf(flags));
    if (flags.json) await print(`${JSON.stringify({ result: reply.toString('utf8') })}\n`);
    else await printAsIs(reply);
  } finally {
    client.close();
  }
}

async function callLater(target: string, words: readonly string[], flags: CallFlags): Promise<void> {
  const later = await import('./call-later.ts');
  if (flags.result === undefined) return later.enqueue(target, words, flags);
  await printAsIs(resultOf(await later.fetchResult(target, words, flags), flags));
}

async function callMethod(target: string, words: readonly string[], flags: CallFlags): Promise<void> {
  const { method, params } = await callOf(words, flags);
  const { bytesArg = [] } = flags;
  // Bytes can be printed as they are.
  const client = await connectRpc(target, connectOptionsOf(flags, flags.text === true || bytesArg.length > 0));
  const bar = createProgressBar();
  const options = { ...timeoutOf(flags), ...(!flags.json && { onProgress: bar.draw }) };
  try {
    if (flags.stream) await printStream(client.open(method, params, options), flags, bar);
    else {
      const result = await client.call(method, params, options);
      bar.erase();
      await printAsIs(resultOf(result, flags));
    }
  } finally {
    bar.erase();
    client.close();
  }
}

/** Ends the call when nothing reads the output any more. */
async function printStream(stream: AgentCall, flags: CallFlags, bar: ProgressBar): Promise<void> {
  const output = new StreamOutput(bar.erase);
  const values = stream[Symbol.asyncIterator]();
  try {
    let step = await values.next();
    while (!step.done && (await output.add(lineOf(step.value, flags)))) step = await values.next();
    if (step.done && flags.json) await output.add(jsonOf({ result: step.value ?? null }));
  } catch (error) {
    // The method has run: its result is not lost.
    if (!(error instanceof LaunchpoolError) || error.code !== 'ERR_LAUNCHPOOL_NOT_A_STREAM') throw error;
    await printAsIs(resultOf(error.data, flags));
  } finally {
    await output.flush();
    await values.return(undefined);
  }
}

function lineOf(value: unknown, { json, text }: CallFlags): string | Uint8Array {
  if (json) return jsonOf({ item: value });
  if (text && value instanceof Uint8Array) return value;
  return text && typeof value === 'string' ? `${value}\n` : jsonOf(value);
}

/** A terminal gets a newline behind text without one; a file or a program gets only what the agent has returned. */
async function printAsIs(output: string | Uint8Array): Promise<void> {
  const isRead = await print(output);
  if (isRead && process.stdout.isTTY && ![10, '\n'].includes(output.at(-1) ?? 10)) await print('\n');
}

function resultOf(result: unknown, { json, text }: CallFlags): string | Uint8Array {
  if (json) return jsonOf({ result });
  return text && (result instanceof Uint8Array || typeof result === 'string') ? result : jsonOf(result);
}

/** @throws ERR_LAUNCHPOOL_RESULT_INVALID for a value that has come in MessagePack, and would not be itself in JSON. */
function jsonOf(value: unknown): string {
  return `${encodeJson(value, 'result')}\n`;
}
