/** `launchpool call --later` and `--result`: a call that a durable service on NATS stores, and its outcome. */
import { LaunchpoolError } from '../../../wire/errors.ts';
import { checkTaskId } from '../../client/nats/open-tasks.ts';
import { connectTasks } from '../../client/tasks.ts';
import { CALL_TABLE, CLIENT_TABLE } from '../../options/client-table.ts';
import { parseOptions } from '../../options/parse-options.ts';
import { usage } from '../call-arguments.ts';
import { type CallFlags, callOf, timeoutOf } from '../call-flags.ts';
import { givenFlags } from '../given-flags.ts';
import { print } from '../print.ts';

/** What belongs to a conversation with an instance, which a call for later has not. */
const OF_CONVERSATION = [
  ...[CALL_TABLE.stream.flag, CALL_TABLE.bytesArg.flag, CLIENT_TABLE.raw.flag],
  ...[CLIENT_TABLE.authkeyFile.flag, CLIENT_TABLE.md5.flag, CLIENT_TABLE.serverUid.flag],
] as const;

/** Prints the id once JetStream has confirmed that the call is stored. */
export async function enqueue(target: string, words: readonly string[], flags: CallFlags): Promise<void> {
  const { id: given, wait } = optionsOf(flags);
  if (flags.result !== undefined) throw unfit('--later makes a call, and --result fetches one');
  if (wait) throw unfit('--wait belongs to --result');
  const { method, params } = await callOf(words, flags);
  if (given !== undefined) checkTaskId(given);
  const client = await connectTasks(target);
  try {
    const { id, isDuplicate } = await client.enqueue(method, params, { id: given, ...timeoutOf(flags) });
    await print(flags.json ? `${JSON.stringify({ result: { id, isDuplicate } })}\n` : `${id}\n`);
  } finally {
    await client.close();
  }
}

/**
 * @returns the result.
 * @throws ERR_LAUNCHPOOL_TASK_PENDING without --wait, and the error that the call has met
 */
export async function fetchResult(target: string, words: readonly string[], flags: CallFlags): Promise<unknown> {
  const { id: given, result: id = '', wait } = optionsOf(flags);
  if (flags.later) throw unfit('--later makes a call, and --result fetches one');
  if (given !== undefined) throw unfit('--id belongs to --later');
  if (words.length > 0) throw unfit('--result takes no method');
  checkTaskId(id);
  const client = await connectTasks(target);
  try {
    const outcome = await client.result(id, { wait, ...timeoutOf(flags) });
    if (outcome.outcome === 'error') throw outcome.error;
    if (outcome.outcome === 'pending') throw pending(id);
    return outcome.result;
  } finally {
    await client.close();
  }
}

function optionsOf(flags: CallFlags) {
  const given = { ...givenFlags(CALL_TABLE, flags), ...givenFlags(CLIENT_TABLE, flags) };
  const [wrong] = OF_CONVERSATION.filter((flag) => given[flag] !== undefined && given[flag] !== false);
  if (wrong !== undefined) throw unfit(`--${wrong} has no meaning for a call for later`);
  return parseOptions(CALL_TABLE, given);
}

function unfit(message: string): LaunchpoolError {
  return usage(message, undefined, 'Such as: launchpool call nats://HOST/NAME METHOD --later, then --result ID.');
}

function pending(id: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_TASK_PENDING', `the call ${id} has no outcome yet`, {
    hint: 'Ask later, or wait for it with --wait.',
  });
}
