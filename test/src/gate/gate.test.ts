/** The gate: how a connection's handshake begins and how it ends, with a `send` that goes nowhere. */
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
  return gate ?? Promise.reject(new Error('everybody may speak'));
}

type Visit = {
  pending: PendingHandshake;
  /** What has been sent so far. */
  sent: Buffer[];
  /** How it ended, once for each time that was said; undefined is a success. */
  settled: (LaunchpoolError | undefined)[];
  ended: Promise<LaunchpoolError | undefined>;
};

function visit(gate: Gate): Visit {
  const sent: Buffer[] = [];
  const settled: (LaunchpoolError | undefined)[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<LaunchpoolError | undefined>();
  const pending = gate.open(
    (payload) => sent.push(payload),
    (refusal) => {
      settled.push(refusal);
      resolve(refusal);
    },
  );
  return { pending, sent, settled, ended };
}

/** Plays the client until neither side has anything left to say. */
function shake({ pending, sent }: Visit, authkey: Uint8Array): void {
  const client = createHandshake({ role: 'client', authkey });
  for (let index = 0; index < sent.length; index += 1) {
    client.receive(sent[index] as Buffer).send.forEach(pending.receive);
  }
}

/** The timers of a gate fire in the order in which they were set: when a later one has, an earlier one must have. */
async function deadlinePassed(gate: Gate): Promise<void> {
  await visit(gate).ended;
}

/** Both ends of a connection. */
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

test('without a key there is no gate', async (t) => {
  t.is(await createGate({ authkey: undefined, md5: true, handshakeMs: LONG_MS }), undefined);
});

test('a connection begins with a challenge', async (t) => {
  const { pending, sent, settled } = visit(await gateWith({}));
  t.is(sent.length, 1);
  t.regex(sent[0]?.toString('latin1') ?? '', /^#CHALLENGE#\{sha256\}.{40}$/s);
  t.deepEqual(settled, []);
  pending.leave();
});

test('no two challenges are the same', async (t) => {
  const gate = await gateWith({});
  const visits = Array.from({ length: 50 }, () => visit(gate));
  t.is(new Set(visits.map(({ sent }) => sent[0]?.toString('hex'))).size, 50);
  for (const { pending } of visits) pending.leave();
});

test('who has the key is let in', async (t) => {
  const guest = visit(await gateWith({}));
  shake(guest, KEY);
  t.deepEqual(guest.settled, [undefined]);
  t.is(guest.sent[1]?.toString(), '#WELCOME#');
});

test('who has another key is told so and refused', async (t) => {
  const guest = visit(await gateWith({}));
  shake(guest, Buffer.from('another key'));
  t.deepEqual(
    guest.settled.map((refusal) => refusal?.code),
    ['ERR_LAUNCHPOOL_AUTH_FAILED'],
  );
  t.is(guest.sent.at(-1)?.toString(), '#FAILURE#');
});

for (const [what, answer] of [
  ['an empty message', ''],
  ['a request', '{"jsonrpc":"2.0","id":1,"method":"any"}'],
  ['a welcome', '#WELCOME#'],
  ['a digest that is none of Python', '{sha512}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'],
] as const) {
  test(`who answers the challenge with ${what} is refused`, async (t) => {
    const { pending, settled, sent } = visit(await gateWith({}));
    pending.receive(Buffer.from(answer));
    t.is(settled[0]?.code, 'ERR_LAUNCHPOOL_AUTH_FAILED');
    t.deepEqual(sent.slice(1).map(String), ['#FAILURE#']);
  });
}

for (const md5 of [true, false]) {
  test(`an answer of bare MD5 is ${md5 ? 'welcome' : 'refused'} where md5 is ${md5}`, async (t) => {
    const { pending, sent, settled } = visit(await gateWith({ md5 }));
    const challenge = (sent[0] as Buffer).subarray('#CHALLENGE#'.length);
    pending.receive(createHmac('md5', KEY).update(challenge).digest());
    t.is(sent[1]?.toString(), md5 ? '#WELCOME#' : '#FAILURE#');
    t.deepEqual(
      settled.map((refusal) => refusal?.code),
      md5 ? [] : ['ERR_LAUNCHPOOL_AUTH_FAILED'],
    );
    pending.leave();
  });
}

test('who says nothing is refused when the time is over', async (t) => {
  const refusal = await visit(await gateWith({ handshakeMs: 10 })).ended;
  t.is(refusal?.code, 'ERR_LAUNCHPOOL_AUTH_TIMEOUT');
  t.regex(refusal?.message ?? '', /10 ms/);
  t.regex(refusal?.hint ?? '', /authkey/);
});

test('who stops in the middle is refused when the time is over', async (t) => {
  const { pending, sent, ended } = visit(await gateWith({ handshakeMs: 10 }));
  const client = createHandshake({ role: 'client', authkey: KEY });
  client.receive(sent[0] as Buffer).send.forEach(pending.receive);
  t.is((await ended)?.code, 'ERR_LAUNCHPOOL_AUTH_TIMEOUT');
});

test('the deadline is of no account to who has been let in', async (t) => {
  const gate = await gateWith({ handshakeMs: 20 });
  const guest = visit(gate);
  shake(guest, KEY);
  await deadlinePassed(gate);
  t.deepEqual(guest.settled, [undefined]);
});

test('the deadline is of no account to who has been refused', async (t) => {
  const gate = await gateWith({ handshakeMs: 20 });
  const { pending, settled } = visit(gate);
  pending.receive(Buffer.from('wrong'));
  await deadlinePassed(gate);
  t.is(settled.length, 1);
});

test('nothing more is heard of who has left', async (t) => {
  const gate = await gateWith({ handshakeMs: 20 });
  const { pending, settled } = visit(gate);
  pending.leave();
  await deadlinePassed(gate);
  t.deepEqual(settled, []);
});

test('who comes with the key after the time is over stays refused', async (t) => {
  const guest = visit(await gateWith({ handshakeMs: 1 }));
  await guest.ended;
  shake(guest, KEY);
  t.deepEqual(
    guest.settled.map((refusal) => refusal?.code),
    ['ERR_LAUNCHPOOL_AUTH_TIMEOUT'],
  );
});

test('who goes on after a refusal is not refused again', async (t) => {
  const { pending, settled } = visit(await gateWith({}));
  pending.receive(Buffer.from('wrong'));
  pending.receive(Buffer.from('wrong again'));
  t.is(settled.length, 1);
});

test('visitors are those who have not been let in, until they are or have left', async (t) => {
  const gate = await gateWith({});
  const [guest, stranger, leaver] = [visit(gate), visit(gate), visit(gate)];
  t.is(gate.unauthenticated, 3);
  shake(guest, KEY);
  t.is(gate.unauthenticated, 2);
  stranger.pending.receive(Buffer.from('wrong'));
  t.is(gate.unauthenticated, 2);
  for (const { pending } of [guest, stranger, leaver]) pending.leave();
  t.is(gate.unauthenticated, 0);
});

test('who sends what is no message at all is refused for that, once', async (t) => {
  const { pending, settled } = visit(await gateWith({}));
  for (const text of ['too long', 'too long again']) {
    pending.refuse(new LaunchpoolError('ERR_LAUNCHPOOL_FRAME_TOO_LARGE', text));
  }
  t.deepEqual(
    settled.map((refusal) => refusal?.message),
    ['too long'],
  );
});

test('who has answered in time is let in, though this process has stood still until the time was over', async (t) => {
  const gate = await gateWith({ handshakeMs: 50 });
  const [client, accepted] = await connected(t);
  const one = visit(gate);
  accepted.once('data', () => shake(one, KEY));
  client.write('as if it were the answer');
  for (const end = performance.now() + 100; performance.now() < end; );
  t.is(await one.ended, undefined);
  t.deepEqual(one.settled, [undefined]);
});
