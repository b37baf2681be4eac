/** The mutated corpus, sent to running agents by many connections, with right requests in between. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectRpc } from '../../src/client/rpc.ts';
import { encodeFrame } from '../../wire/frame.ts';
import { BUSY, holdAgent } from '../agents.ts';
import { mebibytes } from '../process-figures.ts';
import type { Random } from '../random.ts';
import type { Scope } from '../scope.ts';
import { createFaults, type Outcome } from '../verb.ts';
import { mutate, mutateFrame } from './mutations.ts';
import { settled } from './settled.ts';
import { converse, cut } from './wire-client.ts';

const CONNECTIONS = 16;
const MAX_PAYLOADS = 8;
/** An answer that takes longer is none. */
const WITHIN_MS = 60_000;
/** Generous: a process that leaks per input goes over it soon enough in a long run. */
const MAX_GROWTH_BYTES = 128 * 2 ** 20;
const MAX_DESCRIPTORS_MORE = 8;
const KEY = 'the key of this run';

export async function checkAgents(
  scope: Scope,
  random: Random,
  inputs: number,
  progress: (done: number) => void,
): Promise<Outcome> {
  const faults = createFaults();
  const keyFile = join(scope.folder, 'key');
  writeFileSync(keyFile, KEY, { mode: 0o600 });
  const open = await holdAgent(scope, { name: 'open', module: BUSY, flags: ['--idle', '0'] });
  const keyed = await holdAgent(scope, {
    name: 'keyed',
    module: BUSY,
    flags: ['--idle', '0', '--threads', '1', '--authkey-file', keyFile, '--handshake-timeout', '60'],
  });
  let sent = 0;
  let connections = 0;
  let answered = 0;

  /** Right requests with wrong ones in between, and at the end what may not even be a frame. */
  async function hurtOpen(mine: Random, name: string): Promise<void> {
    const right = (nth: number): string =>
      `{"jsonrpc":"2.0","id":"${name}/${nth}","method":"sync","params":["${nth}"]}`;
    const count = mine.between(1, MAX_PAYLOADS);
    const frames = Array.from({ length: count }, (_unused, nth) => [
      encodeFrame(Buffer.from(right(nth))),
      encodeFrame(mutate(mine)),
    ]).flat();
    const stream = Buffer.concat([...frames, mine.chance(0.5) ? mutateFrame(mine, mutate(mine)) : Buffer.alloc(0)]);
    const cuts = Array.from({ length: mine.between(0, 5) }, () => mine.between(0, stream.length));
    const { frames: replies, ended } = await converse(open.socketPath, cut(stream, cuts), WITHIN_MS);
    sent += count + 1;
    if (!ended) faults.add(`${name}: the agent does not end the connection`);
    const texts = replies.map(String);
    for (let nth = 0; nth < count; nth += 1) {
      const mineOnly = texts.filter((text) => text.includes(`"${name}/${nth}"`));
      const expected = `{"jsonrpc":"2.0","id":"${name}/${nth}","result":"${nth}"}`;
      if (mineOnly.length === 1 && mineOnly[0] === expected) answered += 1;
      else faults.add(`${name}/${nth}: ${JSON.stringify(mineOnly).slice(0, 300)}`);
    }
    for (const text of texts) if (!isResponse(text)) faults.add(`${name}: no response: ${text.slice(0, 200)}`);
  }

  /** Nobody who does not know the key gets a word out of it. */
  async function hurtKeyed(mine: Random, name: string): Promise<void> {
    const count = mine.between(1, 3);
    const stream = Buffer.concat(Array.from({ length: count }, () => mutateFrame(mine, mutate(mine))));
    const { frames, ended } = await converse(keyed.socketPath, [stream], WITHIN_MS);
    sent += count;
    if (!ended) faults.add(`${name}: the agent with a key does not end the connection`);
    const [challenge] = frames;
    if (!challenge?.toString('latin1').startsWith('#CHALLENGE#')) {
      faults.add(`${name}: the agent with a key begins with ${String(challenge).slice(0, 200)}`);
    }
    const words = frames.slice(1).filter((frame) => !frame.equals(Buffer.from('#FAILURE#')));
    if (words.length > 0) faults.add(`${name}: a stranger is told ${words.map(String).join().slice(0, 200)}`);
  }

  async function askKeyed(name: string): Promise<void> {
    const client = await connectRpc(keyed.socketPath, { authkey: KEY });
    const answer = await client.call('sync', [name], { timeoutMs: WITHIN_MS });
    client.close();
    if (answer === name) answered += 1;
    else faults.add(`${name}: who knows the key is told ${answer}`);
  }

  async function runConnections(until: number): Promise<void> {
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        while (sent < until) {
          const index = connections;
          connections += 1;
          const mine = random.fork(index);
          const name = `seed ${random.seed}, connection ${index}`;
          try {
            if (index % 50 === 49) await askKeyed(name);
            else await (index % 8 === 7 ? hurtKeyed : hurtOpen)(mine, name);
          } catch (error) {
            faults.add(`${name}: ${(error as Error).stack}`);
          }
          progress(sent);
        }
      }),
    );
  }

  await Promise.all([askKeyed('the first'), hurtOpen(random.fork(-2), 'the first')]);
  await runConnections(Math.floor(inputs / 10));
  const agents = [open, keyed];
  const before = await Promise.all(agents.map((held) => settled(held, faults.add)));
  await runConnections(inputs);
  const after = await Promise.all(agents.map((held) => settled(held, faults.add)));
  agents.forEach(({ name, times }, index) => {
    const [was, is] = [before[index], after[index]];
    if (times('started') !== 1 || times('waiting') !== 1) faults.add(`the agent "${name}" has not lived through it`);
    if (was === undefined || is === undefined) return;
    if (is.rssBytes - was.rssBytes > MAX_GROWTH_BYTES) faults.add(`${name}: memory ${was.rssBytes} → ${is.rssBytes}`);
    if (is.descriptors - was.descriptors > MAX_DESCRIPTORS_MORE) {
      faults.add(`${name}: descriptors ${was.descriptors} → ${is.descriptors}`);
    }
  });
  const figuresOf = (index: number): object => ({
    rssMiB: [before[index], after[index]].map((figures) => figures && mebibytes(figures.rssBytes)),
    descriptors: [before[index], after[index]].map((figures) => figures?.descriptors),
  });
  return {
    faults: faults.list(),
    figures: { inputs: sent, connections, rightAnswers: answered, open: figuresOf(0), keyed: figuresOf(1) },
  };
}

function isResponse(text: string): boolean {
  const value: unknown = JSON.parse(text);
  return (Array.isArray(value) ? value : [value]).every((each) => each?.jsonrpc === '2.0' && 'id' in each);
}
