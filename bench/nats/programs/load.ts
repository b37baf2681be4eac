/**
 * The load of the question `nats`: clients of NATS in one process, each with a connection of its own. It reads a cell on each line of
 * its standard input, and answers with a line of figures. Every reply is checked.
 */
import { createInterface } from 'node:readline';
import { connectRpc } from '../../../src/client/rpc.ts';
import type { NatsConnection } from '../../../src/nats/nats-types.ts';
import { openConnection } from '../cluster.ts';
import type { LoadReply, LoadRequest } from '../load-messages.ts';

/** Sends one request, and resolves with its reply. */
type Ask = (text: string) => Promise<unknown>;
type Client = { ask: Ask; close(): Promise<void> };

const TIMEOUT_MS = 60_000;
/** On a machine with other work, a measurement goes on until it has so many calls. */
const MIN_CALLS = 20;
/** The numbers of requests are a part of their texts, so that no reply is taken for another. */
const NUMBER_DIGITS = 9;

const decoder = new TextDecoder();

for await (const line of createInterface({ input: process.stdin })) {
  let reply: LoadReply;
  try {
    reply = await measure(JSON.parse(line) as LoadRequest);
  } catch (error) {
    reply = { error: (error as Error).message };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}
process.exit(0);

async function measure(request: LoadRequest): Promise<LoadReply> {
  const { connections, depth, seconds, warmUpSeconds } = request;
  const clients = await Promise.all(Array.from({ length: connections }, () => openClient(request)));
  const times: number[] = [];
  const answers = new Map<string, number>();
  const from = performance.now() + warmUpSeconds * 1000;
  const to = from + seconds * 1000;
  let sent = 0;
  let lastEnd = to;

  async function callOnAndOn({ ask }: Client): Promise<void> {
    for (;;) {
      const begin = performance.now();
      if (begin >= to && times.length >= MIN_CALLS) return;
      sent += 1;
      const text = String(sent).padStart(NUMBER_DIGITS, '0').padEnd(request.size, '.');
      const reply = await ask(text);
      const end = performance.now();
      if (request.sleep === undefined && reply !== text) throw new Error(`not the reply to ${text.slice(0, 40)}`);
      if (begin < from || (end > to && times.length >= MIN_CALLS)) continue;
      lastEnd = Math.max(lastEnd, end);
      times.push(end - begin);
      if (request.sleep !== undefined) answers.set(String(reply), (answers.get(String(reply)) ?? 0) + 1);
    }
  }

  try {
    await Promise.all(clients.flatMap((client) => Array.from({ length: depth }, () => callOnAndOn(client))));
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
  const sorted = Float64Array.from(times).sort();
  const quantileUs = (share: number): number => (sorted[Math.ceil(share * sorted.length) - 1] as number) * 1000;
  return {
    reqPerSec: (times.length * 1000) / (lastEnd - from),
    p50us: quantileUs(0.5),
    p99us: quantileUs(0.99),
    answers: Object.fromEntries(answers),
  };
}

async function openClient({ url, name, kind, sleep }: LoadRequest): Promise<Client> {
  const nats = await openConnection(url);
  if (kind !== 'link') return { ask: plainAsk(nats, kind, name, sleep), close: () => nats.close() };
  const client = await connectRpc(`${url}/${name}`, { nats });
  return {
    ask: (text) => (sleep === undefined ? client.call('echo', [text]) : client.call('sleep', [...sleep])),
    async close() {
      client.close();
      await nats.drain();
    },
  };
}

function plainAsk(nats: NatsConnection, kind: 'bare' | 'service', name: string, sleep: LoadRequest['sleep']): Ask {
  const subject = kind === 'bare' ? name : `${name}.${sleep === undefined ? 'echo' : 'sleep'}`;
  return async (text) => {
    const body = kind === 'bare' ? text : JSON.stringify(sleep ?? [text]);
    const { data, headers } = await nats.request(subject, Buffer.from(body), { timeout: TIMEOUT_MS });
    const error = headers?.get('Nats-Service-Error');
    if (error) throw new Error(error);
    const reply = decoder.decode(data);
    return kind === 'bare' ? reply : JSON.parse(reply);
  };
}
