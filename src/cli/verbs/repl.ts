/** `launchpool repl`: calls an agent line by line, at a prompt or from a pipe. */
import { createInterface } from 'node:readline/promises';
import { connectRaw, type RawClient } from '../../client/index.ts';
import { connectRpc, type RpcClient } from '../../client/rpc.ts';
import { connectOptionsOf } from '../client-flags.ts';
import { describe } from '../failure.ts';
import type { CommanderFlags } from '../given-flags.ts';

/** Returns the answer to a line; undefined prints nothing. */
export type Answer = (line: string) => Promise<string | undefined>;

/** @returns the exit status; 1 when a line from a pipe was answered with an error. */
export async function repl(target: string, flags: CommanderFlags): Promise<number> {
  const options = connectOptionsOf(flags);
  const answer = flags.raw
    ? rawAnswer(reconnecting(() => connectRaw(target, options)))
    : rpcAnswer(reconnecting(() => connectRpc(target, options)));
  return readLines(answer, process.stdin, process.stdout);
}

/**
 * Answers the lines of a stream one by one until it ends.
 * @param input the lines; a terminal gets a prompt and a history.
 * @param output gets only the answers: prompts go to a terminal only, errors to standard error.
 */
export async function readLines(answer: Answer, input: NodeJS.ReadStream, output: NodeJS.WriteStream): Promise<number> {
  const isInteractive = input.isTTY && output.isTTY;
  const lines = createInterface({
    input,
    output: isInteractive ? output : undefined,
    terminal: isInteractive,
    prompt: '> ',
  });
  let hasFailed = false;
  if (isInteractive) lines.prompt();
  for await (const line of lines) {
    try {
      const text = await answer(line);
      if (text !== undefined) output.write(`${text}\n`);
    } catch (error) {
      hasFailed = true;
      process.stderr.write(`${describe(error)}\n`);
    }
    if (isInteractive) lines.prompt();
  }
  lines.close();
  return hasFailed && !isInteractive ? 1 : 0;
}

/** Sends each line unchanged. */
export function rawAnswer(client: () => Promise<RawClient>): Answer {
  return async (line) => (await (await client()).request(line)).toString('utf8');
}

function rpcAnswer(client: () => Promise<RpcClient>): Answer {
  return async (line) => {
    const [, method, rest] = /^\s*(\S+)\s*(.*)$/.exec(line) ?? [];
    if (method === undefined || rest === undefined) return undefined;
    return JSON.stringify(await (await client()).call(method, paramsOf(rest)));
  };
}

/** Connects again for the next line, when the agent has exited after an idle time. */
export function reconnecting<Client extends { readonly closed: boolean }>(
  connect: () => Promise<Client>,
): () => Promise<Client> {
  let client: Client | undefined;
  return async () => {
    if (client === undefined || client.closed) client = await connect();
    return client;
  };
}

/** Accepts `add 1, 2`, `add 1 2` and `rot13 Hello`. */
function paramsOf(rest: string): unknown[] {
  try {
    return JSON.parse(`[${rest}]`);
  } catch {
    return (rest.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? []).map(valueOfWord);
  }
}

function valueOfWord(word: string): unknown {
  try {
    return JSON.parse(word);
  } catch {
    // A word that is not JSON is text.
    return word;
  }
}
