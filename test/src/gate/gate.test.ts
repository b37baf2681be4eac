/** The gate: start and end of a handshake, with a `send` that only records. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createGate, type Gate, type GateOptions, type PendingHandshake } from '../../../src/gate/gate.ts';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { createHandshake } from '../../../wire/handshake.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const KEY = Buffer.from('ein Schlüssel');
const LONG_MS = 60_000;

async function gateWith(options: Partial<GateOptions>): Promise<Gate> {
  const gate = await createGate({ authkey: KEY, md5: true, handshakeMs: LONG_MS, ...options });
  return gate ?? Promise.reject(new Error('no gate without a key'));
}

type Attempt = {
  pending: PendingHandshake;
  /** The sent payloads. */
  sent: Buffer[];
  /** The result of each call of onSettled; undefined is a success. */
  settled: (LaunchpoolError | undefined)[];
  result: Promise<LaunchpoolError | undefined>;
};

function attempt(gate: Gate): Attempt {
  const sent: Buffer[] = [];
  const settled: (LaunchpoolError | undefined)[] = [];
  const { promise: result, resolve } = Promise.withResolvers<LaunchpoolError | undefined>();
  const pending = gate.open(
    (payload) => sent.push(payload),
    (refusal) => {
      settled.push(refusal);
      resolve(refusal);
    },
  );
  return { pending, sent, settled, result };
}

/** Plays the client until neither side has a message left. */
function shake({ pending, sent }: Attempt, authkey: Uint8Array): void {
  const client = createHandshake({ role: 'client', authkey });
  for (let index = 0; index < sent.length; index += 1) {
    client.receive(sent[index] as Buffer).send.forEach(pending.receive);
  }
}

/** The timers of a gate fire in order, so an earlier one has fired before this one. */
async function deadlinePassed(gate: Gate): Promise<void> {
  await attempt(gate).result;
}

/** Returns both ends of a connection. */
async function connected(t: ExecutionContext): Promise<[Socket, Socket]> {
  const path = join(await tempDir(t), 'a.sock');
  const server = createServer().listen(path);
  t.teardown(() => server.close());
  const accepted = once(server, 'connection');
  const client = connect(path);
  t.teardown(() => client.destroy());
  await once(client, 'connect');
  return [client, (await accepted)[0] as Socket];
}

test('without a key, no gate is created', async (t) => {
  t.is(await createGate({ authkey: undefined, md5: true, handshakeMs: LONG_MS }), undefined);
});

test('the handshake starts with a challenge', async (t) => {
  const { pending, sent, settled } = attempt(await gateWith({}));
  t.is(sent.length, 1);
  t.regex(sent[0]?.toString('latin1') ?? '', /^#CHALLENGE#\{sha256\}.{40}$/s);
  t.deepEqual(settled, []);
  pending.abandon();
});

test('no two challenges are the same', async (t) => {
  const gate = await gateWith({});
  const attempts = Array.from({ length: 50 }, () => attempt(gate));
  t.is(new Set(attempts.map(({ sent }) => sent[0]?.toString('hex'))).size, 50);
  for (const { pending } of attempts) pending.abandon();
});

test('a client with the key passes', async (t) => {
  const client = attempt(await gateWith({}));
  shake(client, KEY);
  t.deepEqual(client.settled, [undefined]);
  t.is(client.sent[1]?.toString(), '#WELCOME#');
});

test('a client with another key gets a failure message and is refused', async (t) => {
  const client = attempt(await gateWith({}));
  shake(client, Buffer.from('another key'));
  t.deepEqual(
    client.settled.map((refusal) => refusal?.code),
    ['ERR_LAUNCHPOOL_AUTH_FAILED'],
  );
  t.is(client.sent.at(-1)?.toString(), '#FAILURE#');
});

for (const [what, answer] of [
  ['an empty message', ''],
  ['a request', '{"jsonrpc":"2.0","id":1,"method":"any"}'],
  ['a welcome', '#WELCOME#'],
  ['a digest that Python does not use', '{sha512}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'],
] as const) {
  test(`a client that answers the challenge with ${what} is refused`, async (t) => {
    const { pending, settled, sent } = attempt(await gateWith({}));
    pending.receive(Buffer.from(answer));
    t.is(settled[0]?.code, 'ERR_LAUNCHPOOL_AUTH_FAILED');
    t.deepEqual(sent.slice(1).map(String), ['#FAILURE#']);
  });
}

for (const md5 of [true, false]) {
  test(`a bare MD5 answer is ${md5 ? 'accepted' : 'refused'} when md5 is ${md5}`, async (t) => {
    const { pending, sent, settled } = attempt(await gateWith({ md5 }));
    const challenge = (sent[0] as Buffer).subarray('#CHALLENGE#'.length);
    pending.receive(createHmac('md5', KEY).update(challenge).digest());
    t.is(sent[1]?.toString(), md5 ? '#WELCOME#' : '#FAILURE#');
    t.deepEqual(
      settled.map((refusal) => refusal?.code),
      md5 ? [] : ['ERR_LAUNCHPOOL_AUTH_FAILED'],
    );
    pending.abandon();
  });
}

test('a silent client is refused after the timeout', async (t) => {
  const refusal = await attempt(await gateWith({ handshakeMs: 10 })).result;
  t.is(refusal?.code, 'ERR_LAUNCHPOOL_AUTH_TIMEOUT');
  t.regex(refusal?.message ?? '', /10 ms/);
  t.regex(refusal?.hint ?? '', /authkey/);
});

test('a client that stops in the middle is refused after the timeout', async (t) => {
  const { pending, sent, result } = attempt(await gateWith({ handshakeMs: 10 }));
  const client = createHandshake({ role: 'client', authkey: KEY });
  client.receive(sent[0] as Buffer).send.forEach(pending.receive);
  t.is((await result)?.code, 'ERR_LAUNCHPOOL_AUTH_TIMEOUT');
});

test('the timeout does not affect a client that has passed', async (t) => {
  const gate = await gateWith({ handshakeMs: 20 });
  const client = attempt(gate);
  shake(client, KEY);
  await deadlinePassed(gate);
  t.deepEqual(client.settled, [undefined]);
});

test('the timeout does not affect a refused client', async (t) => {
  const gate = await gateWith({ handshakeMs: 20 });
  const { pending, settled } = attempt(gate);
  pending.receive(Buffer.from('wrong'));
  await deadlinePassed(gate);
  t.is(settled.length, 1);
});

test('a closed connection is not settled', async (t) => {
  const gate = await gateWith({ handshakeMs: 20 });
  const { pending, settled } = attempt(gate);
  pending.abandon();
  await deadlinePassed(gate);
  t.deepEqual(settled, []);
});

test('a correct answer after the timeout stays refused', async (t) => {
  const client = attempt(await gateWith({ handshakeMs: 1 }));
  await client.result;
  shake(client, KEY);
  t.deepEqual(
    client.settled.map((refusal) => refusal?.code),
    ['ERR_LAUNCHPOOL_AUTH_TIMEOUT'],
  );
});

test('a refused client is not refused again', async (t) => {
  const { pending, settled } = attempt(await gateWith({}));
  pending.receive(Buffer.from('wrong'));
  pending.receive(Buffer.from('wrong again'));
  t.is(settled.length, 1);
});

test('unauthenticated counts connections until they pass or close', async (t) => {
  const gate = await gateWith({});
  const [client, stranger, leaver] = [attempt(gate), attempt(gate), attempt(gate)];
  t.is(gate.unauthenticated, 3);
  shake(client, KEY);
  t.is(gate.unauthenticated, 2);
  stranger.pending.receive(Buffer.from('wrong'));
  t.is(gate.unauthenticated, 2);
  for (const { pending } of [client, stranger, leaver]) pending.abandon();
  t.is(gate.unauthenticated, 0);
});

test('invalid input refuses the handshake once', async (t) => {
  const { pending, settled } = attempt(await gateWith({}));
  for (const text of ['too long', 'too long again']) {
    pending.refuse(new LaunchpoolError('ERR_LAUNCHPOOL_FRAME_TOO_LARGE', text));
  }
  t.deepEqual(
    settled.map((refusal) => refusal?.message),
    ['too long'],
  );
});

test('an answer in time passes, even if this process was blocked beyond the timeout', async (t) => {
  const gate = await gateWith({ handshakeMs: 50 });
  const [client, accepted] = await connected(t);
  const one = attempt(gate);
  accepted.once('data', () => shake(one, KEY));
  client.write('stands for the answer');
  for (const end = performance.now() + 100; performance.now() < end; );
  t.is(await one.result, undefined);
  t.deepEqual(one.settled, [undefined]);
});
