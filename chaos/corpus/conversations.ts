/** Conversations of mutated input with a running agent, and the checks of its answers. */
import { sniffEncoding } from '../../wire/encoding.ts';
import { encodeFrame } from '../../wire/frame.ts';
import { unpack } from '../../wire/messagepack/codec.ts';
import type { Random } from '../random.ts';
import { mutate, mutateFrame } from './mutations.ts';
import { cut, exchange } from './wire-client.ts';

const MAX_PAYLOADS = 8;
/** A conversation that takes longer hangs. */
const TIMEOUT_MS = 60_000;

export type ConversationResult = {
  /** The number of mutated inputs. */
  sent: number;
  /** The number of right requests that were answered rightly. */
  answered: number;
  faults: string[];
};

/** Sends right requests with mutated ones in between, and at the end bytes that may not be a frame. */
export async function checkOpenConversation(path: string, random: Random, name: string): Promise<ConversationResult> {
  const rightRequest = (nth: number): string =>
    `{"jsonrpc":"2.0","id":"${name}/${nth}","method":"sync","params":["${nth}"]}`;
  const count = random.between(1, MAX_PAYLOADS);
  const requests = Array.from({ length: count }, (_unused, nth) => [
    encodeFrame(Buffer.from(rightRequest(nth))),
    encodeFrame(mutate(random)),
  ]).flat();
  const stream = Buffer.concat([
    ...requests,
    random.chance(0.5) ? mutateFrame(random, mutate(random)) : Buffer.alloc(0),
  ]);
  const cuts = Array.from({ length: random.between(0, 5) }, () => random.between(0, stream.length));
  const { frames, ended } = await exchange(path, cut(stream, cuts), TIMEOUT_MS);
  const faults: string[] = [];
  let answered = 0;
  if (!ended) faults.push(`${name}: the agent does not close the connection`);
  const replies = frames.map(textOf);
  for (let nth = 0; nth < count; nth += 1) {
    const matching = replies.filter((text) => text.includes(`"${name}/${nth}"`));
    const expected = `{"jsonrpc":"2.0","id":"${name}/${nth}","result":"${nth}"}`;
    if (matching.length === 1 && matching[0] === expected) answered += 1;
    else faults.push(`${name}/${nth}: ${JSON.stringify(matching).slice(0, 300)}`);
  }
  for (const text of replies) {
    if (!isResponse(text)) faults.push(`${name}: not a response: ${text.slice(0, 200)}`);
  }
  return { sent: count + 1, answered, faults };
}

/** Sends mutated frames without knowing the key. The agent must send nothing but the handshake. */
export async function checkKeyedConversation(path: string, random: Random, name: string): Promise<ConversationResult> {
  const count = random.between(1, 3);
  const stream = Buffer.concat(Array.from({ length: count }, () => mutateFrame(random, mutate(random))));
  const { frames, ended } = await exchange(path, [stream], TIMEOUT_MS);
  const faults: string[] = [];
  if (!ended) faults.push(`${name}: the agent with a key does not close the connection`);
  const [challenge] = frames;
  if (!challenge?.toString('latin1').startsWith('#CHALLENGE#')) {
    faults.push(`${name}: the agent with a key sends first ${String(challenge).slice(0, 200)}`);
  }
  const leaks = frames.slice(1).filter((frame) => !frame.equals(Buffer.from('#FAILURE#')));
  if (leaks.length > 0) faults.push(`${name}: a client without the key gets ${leaks.map(String).join().slice(0, 200)}`);
  return { sent: count, answered: 0, faults };
}

/** A reply in MessagePack as JSON text. */
function textOf(frame: Buffer): string {
  if (sniffEncoding(frame) !== 'messagepack') return String(frame);
  try {
    return JSON.stringify(unpack(frame), (_, value) => (typeof value === 'bigint' ? String(value) : value));
  } catch (error) {
    return String(error);
  }
}

function isResponse(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return (Array.isArray(value) ? value : [value]).every((each) => each?.jsonrpc === '2.0' && 'id' in each);
  } catch {
    return false;
  }
}
