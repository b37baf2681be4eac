/** A handler may use its messages freely, at any length; a handler with borrowed messages gets them where they are. */
import { createHash } from 'node:crypto';
import test from 'ava';
import { encodeFrame } from '../../wire/frame.ts';
import { fixture, holdAgent } from '../helpers/agent.ts';
import { dial } from '../helpers/frame-client.ts';
import { framesOf } from '../helpers/frame-server.ts';

const KIB = 1024;
const SIZES = [10, 40 * KIB, 60 * KIB, 300 * KIB, 2048 * KIB];
const CONNECTIONS = 4;

/** Bytes that differ for each seed. */
function message(first: string, seed: number, size: number): Buffer {
  const bytes = Buffer.alloc(size, `${seed}.`);
  bytes.write(`${first}${seed} `);
  return bytes;
}

const digestOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

test('a handler that keeps, changes and transfers its messages harms no other message', async (t) => {
  t.timeout(120_000);
  const { socketPath } = await holdAgent(t, fixture('agents/keeper.ts'), ['--threads', '2']);
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => dial(t, socketPath)));
  let seed = 0;
  const expected = clients.map((): string[] => []);
  for (let round = 0; round < 3; round += 1) {
    for (const size of SIZES) {
      for (const [index, { socket }] of clients.entries()) {
        seed += 1;
        const bytes = message('m', seed, size);
        expected[index]?.push(`ArrayBuffer true ${digestOf(bytes)}`);
        socket.write(encodeFrame(bytes));
      }
    }
  }
  const replies = await Promise.all(clients.map(({ until }) => until(3 * SIZES.length)));
  t.deepEqual(replies, expected);
  const [client] = clients as [(typeof clients)[number]];
  client.socket.write(framesOf(...Array<string>(20).fill('check')));
  const checks = (await client.until(3 * SIZES.length + 20)).slice(3 * SIZES.length).map((text) => JSON.parse(text));
  t.true(checks.every(({ wrong }) => wrong === 0));
  // Not necessarily on each thread.
  t.true(checks.some(({ messages }) => messages > 0));
});

test('long messages are borrowed by a handler that asks for them; short ones are copies', async (t) => {
  const { socketPath } = await holdAgent(t, fixture('agents/borrower.ts'));
  const { socket, until } = await dial(t, socketPath);
  for (const size of SIZES) socket.write(encodeFrame(message('w', 1, size)));
  const kinds = await until(SIZES.length);
  t.deepEqual(kinds, ['ArrayBuffer', 'ArrayBuffer', 'SharedArrayBuffer', 'SharedArrayBuffer', 'SharedArrayBuffer']);
});

test('borrowed messages are returned unchanged, at once, later or in part, while others are borrowed', async (t) => {
  t.timeout(120_000);
  const { socketPath } = await holdAgent(t, fixture('agents/borrower.ts'), ['--threads', '2']);
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => dial(t, socketPath)));
  const sent = clients.map((): Buffer[] => []);
  let seed = 0;
  for (let round = 0; round < 12; round += 1) {
    for (const [index, { socket }] of clients.entries()) {
      seed += 1;
      const bytes = message('elp'[seed % 3] as string, seed, (SIZES[(seed + round) % SIZES.length] as number) + seed);
      sent[index]?.push(bytes);
      socket.write(encodeFrame(bytes));
    }
  }
  await Promise.all(clients.map(({ until }) => until(12)));
  for (const [index, { frames }] of clients.entries()) {
    const expected = sent[index]?.map((bytes) => (bytes[0] === 'p'.charCodeAt(0) ? bytes.subarray(10, -10) : bytes));
    t.deepEqual(frames.map(digestOf), expected?.map(digestOf));
  }
});

test('a client that reads late gets the right reply, though others need the memory in the meantime', async (t) => {
  t.timeout(120_000);
  const { socketPath } = await holdAgent(t, fixture('agents/borrower.ts'), ['--threads', '2']);
  const [late, other] = [await dial(t, socketPath), await dial(t, socketPath)];
  const messages = Array.from({ length: 30 }, (_unused, seed) => message('e', seed, 20 * KIB + (seed % 3) * 200 * KIB));
  late.socket.pause();
  late.socket.write(Buffer.concat(messages.map(encodeFrame)));
  for (let index = 0; index < 50; index += 1) other.socket.write(encodeFrame(message('e', 100 + index, 150 * KIB)));
  await other.until(50);
  late.socket.resume();
  await late.until(messages.length);
  t.deepEqual(late.frames.map(digestOf), messages.map(digestOf));
});
