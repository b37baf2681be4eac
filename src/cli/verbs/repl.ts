/** `launchpool repl`: calls an agent line by line, at a prompt or from a pipe. */
import { createInterface } from 'node:readline/promises';
import { connectRaw, type RawClient } from '../../client/index.ts';
import { connectRpc, type RpcClient } from '../../client/rpc.ts';
import { connectOptionsOf } from '../client-flags.ts';
import { describe } from '../failure.ts';
import type { CommanderFlags } from '../given-flags.ts';

/** Answers one line with one; undefined prints nothing. */
export type Answer = (line: string) => Promise<string | undefined>;

/** Returns 1 when lines came from a pipe and one of them was answered with an error. */
export async function repl(target: string, flags: CommanderFlags): Promise<number> {
  const options = connectOptionsOf(flags);
  const answer = flags.raw
    ? rawAnswer(reconnecting(() => connectRaw(target, options)))
    : rpcAnswer(reconnecting(() => connectRpc(target, options)));
  return readLines(answer, process.stdin, process.stdout);
}

/**
 * Answers the lines of a stream, one at a time, until it ends.
 * @param input lines; at a terminal there is a prompt and a history.
 * @param output receives the answers alone: prompts go to a terminal only, errors to standard error.
 */
export async function readLines(answer: Answer, input: NodeJS.ReadStream, output: NodeJS.WriteStream): Promise<number> {
  const interactive = input.isTTY && output.isTTY;
  const lines = createInterface({
    input,
    output: interactive ? output : undefined,
    terminal: interactive,
    prompt: '> ',
  });
  let failed = false;
  if (interactive) lines.prompt();
  for await (const line of lines) {
    try {
      const text = await answer(line);
      if (text !== undefined) output.write(`${text}\n`);
    } catch (error) {
      failed = true;
      process.stderr.write(`${describe(error)}\n`);
    }
    if (interactive) lines.prompt();
  }
  lines.close();
  return failed && !interactive ? 1 : 0;
}

/** Sends each line as it stands. */
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

/** While nobody types, the agent leaves; the next line connects again. */
export function reconnecting<Client extends { readonly closed: boolean }>(
  connect: () => Promise<Client>,
): () => Promise<Client> {
  let client: Client | undefined;
  return async () => {
    if (client === undefined || client.closed) client = await connect();
    return client;
  };
}

/** `add 1, 2` and `add 1 2` and `rot13 Hello` should all do. */
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
    // No JSON: the text itself.
    return word;
  }
}
