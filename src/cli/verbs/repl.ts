/** `launchpool repl`: calls an agent line by line, at a prompt or from a pipe. */
import { connectRaw, type RawClient } from '../../client/index.ts';
import { connectRpc, type RpcClient } from '../../client/rpc.ts';
import { hostOf } from '../../installed/host.ts';
import { layoutOf } from '../../installed/layout.ts';
import { readRecord } from '../../installed/record.ts';
import { discover, installedDocument } from '../agent-document.ts';
import { connectOptionsOf } from '../client-flags.ts';
import { methodList, methodText, terminalWidth } from '../description-text.ts';
import { describe, exitStatusOf } from '../failure.ts';
import type { CommanderFlags } from '../given-flags.ts';
import { type Answer, readLines } from '../repl-lines.ts';
import { methodIn } from './describe.ts';

/** @returns the exit status; 1 when a line from a pipe was answered with an error. */
export async function repl(target: string, flags: CommanderFlags): Promise<number> {
  const options = connectOptionsOf(flags);
  const clients = flags.raw
    ? reconnecting(() => connectRaw(target, options))
    : reconnecting(() => connectRpc(target, options));
  try {
    // An agent that is not there is an error of the whole, and not of each line.
    await clients();
  } catch (error) {
    process.stderr.write(`launchpool: ${describe(error)}\n`);
    return exitStatusOf(error);
  }
  const answer = flags.raw
    ? rawAnswer(clients as () => Promise<RawClient>)
    : rpcAnswer(clients as () => Promise<RpcClient>);
  const methods = flags.raw || target.includes('/') ? [] : (readRecord(layoutOf(target, hostOf()))?.methods ?? []);
  const help = flags.raw ? undefined : helpOn(target, clients as () => Promise<RpcClient>);
  return readLines({ answer, methods, help, input: process.stdin, output: process.stdout });
}

/** Sends each line unchanged. */
export function rawAnswer(client: () => Promise<RawClient>): Answer {
  return async (line, signal) => (await (await client()).request(line, { signal })).toString('utf8');
}

function rpcAnswer(client: () => Promise<RpcClient>): Answer {
  return async (line, signal) => {
    const [, method, rest] = /^\s*(\S+)\s*(.*)$/.exec(line) ?? [];
    if (method === undefined || rest === undefined) return undefined;
    return JSON.stringify(await (await client()).call(method, paramsOf(rest), { signal }));
  };
}

/** That of an installed agent comes from its file. */
export function helpOn(
  target: string,
  client: () => Promise<RpcClient>,
): (name: string | undefined) => Promise<string> {
  return async (name) => {
    const document = target.includes('/') ? await discover(await client()) : installedDocument(target);
    const width = terminalWidth();
    return name === undefined
      ? methodList(document.methods, width)
      : methodText(methodIn(document, name, target), width, true);
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
