/** The authkey handshake: both sides of launchpool against each other, and message by message. */
import { createHmac } from 'node:crypto';
import test from 'ava';
import { createHandshake, type Handshake, type HandshakeStep } from '../../wire/handshake.ts';

const KEY = Buffer.from('secret');
const OTHER_KEY = Buffer.from('Secret');
const FAILED = 'ERR_LAUNCHPOOL_AUTH_FAILED';
const DIGEST = 'ERR_LAUNCHPOOL_AUTH_DIGEST';

const text = (latin1: string): Buffer => Buffer.from(latin1, 'latin1');
const textsOf = (messages: readonly Buffer[]): string[] => messages.map((message) => message.toString('latin1'));
const ascending = (length: number): Buffer => Buffer.from(Array.from({ length }, (_unused, index) => index));
const server = (md5 = true): Handshake => createHandshake({ role: 'server', authkey: KEY, md5 });
const client = (md5 = true): Handshake => createHandshake({ role: 'client', authkey: KEY, md5 });
/** The challenge in the first message of a server. */
const challengeOf = (handshake: Handshake): Buffer => (handshake.start()[0] as Buffer).subarray('#CHALLENGE#'.length);
const signed = (name: string, key: Buffer, message: Buffer): Buffer => createHmac(name, key).update(message).digest();

/** Exchanges messages until neither side has one to send; returns the last step of each side. */
function converse(...sides: [Handshake, Handshake]): [HandshakeStep, HandshakeStep] {
  const steps: [HandshakeStep, HandshakeStep] = [
    { send: [], done: false },
    { send: [], done: false },
  ];
  const carry = (messages: readonly Buffer[], to: 0 | 1): void => {
    for (const message of messages) {
      steps[to] = sides[to].receive(message);
      carry(steps[to].send, to === 0 ? 1 : 0);
    }
  };
  carry(sides[0].start(), 1);
  carry(sides[1].start(), 0);
  return steps;
}

test('two sides with the same key agree', (t) => {
  const [own, theirs] = converse(server(), client());
  t.true(own.done);
  t.true(theirs.done);
});

test('two sides that both refuse MD5 agree', (t) => {
  const [own, theirs] = converse(server(false), client(false));
  t.true(own.done);
  t.true(theirs.done);
});

test('a client with another key gets a failure, and both sides know it', (t) => {
  const wrong = createHandshake({ role: 'client', authkey: OTHER_KEY });
  const [own, theirs] = converse(server(), wrong);
  t.deepEqual(textsOf(own.send), ['#FAILURE#']);
  t.is(own.error?.code, FAILED);
  t.is(theirs.error?.code, FAILED);
  t.false(own.done || theirs.done);
});

test('a server that accepts every client but does not have the key gets a failure', (t) => {
  const handshake = client();
  handshake.receive(Buffer.concat([text('#CHALLENGE#'), ascending(20)]));
  const [challenge] = handshake.receive(text('#WELCOME#')).send;
  const step = handshake.receive(signed('md5', OTHER_KEY, (challenge as Buffer).subarray(11)));
  t.deepEqual(textsOf(step.send), ['#FAILURE#']);
  t.is(step.error?.code, FAILED);
});

/** The challenge of a client that has taken a server without the key for one that has it. */
function challengeFromClient(handshake: Handshake): Buffer {
  handshake.receive(Buffer.concat([text('#CHALLENGE#'), ascending(20)]));
  return (handshake.receive(text('#WELCOME#')).send[0] as Buffer).subarray('#CHALLENGE#'.length);
}

for (const [what, prefix] of [
  ['unchanged', undefined],
  ['under the name of another digest', '{sha384}'],
  ['under the name of MD5', '{md5}'],
  ['under a name that no side knows', '{none}'],
  ['without a name', ''],
  ['behind other bytes', '{sha256}other bytes'],
] as const) {
  test(`a client does not answer a challenge of a client with the same key that comes back ${what}`, (t) => {
    const own = challengeFromClient(client());
    t.is(own.length, '{sha256}'.length + 40);
    const returned = prefix === undefined ? own : Buffer.concat([text(prefix), own.subarray(-40)]);
    const { send, done, error } = client().receive(Buffer.concat([text('#CHALLENGE#'), returned]));
    t.deepEqual({ send, done, code: error?.code }, { send: [], done: false, code: FAILED });
    t.regex(error?.message ?? '', /own challenge/);
  });
}

test('a client answers the challenge of a client with another key, which proves nothing there', (t) => {
  const other = challengeFromClient(createHandshake({ role: 'client', authkey: OTHER_KEY }));
  const { send, error } = client().receive(Buffer.concat([text('#CHALLENGE#'), other]));
  t.is(error, undefined);
  t.false((send[0] as Buffer).includes(signed('sha256', OTHER_KEY, other)));
});

test('no two challenges of a client are the same, not even in a part of their bytes', (t) => {
  const parts = Array.from({ length: 50 }, () => challengeFromClient(client())).flatMap((challenge) => [
    challenge.subarray(8, 32).toString('hex'),
    challenge.subarray(32).toString('hex'),
  ]);
  t.is(new Set(parts).size, 100);
});

test('a client waits for the first message of the server', (t) => {
  t.deepEqual(client().start(), []);
});

test('a server challenges with SHA-256 and 40 bytes', (t) => {
  const [message] = textsOf(server().start());
  t.true(message?.startsWith('#CHALLENGE#{sha256}'));
  t.is(message?.length, '#CHALLENGE#{sha256}'.length + 40);
});

test('no two challenges are the same', (t) => {
  const handshakes = Array.from({ length: 50 }, () => challengeOf(server()).toString('hex'));
  t.is(new Set(handshakes).size, 50);
});

test('a message may be a view of a larger buffer', (t) => {
  const padded = Buffer.concat([text('before#CHALLENGE#'), ascending(20), text('behind')]);
  const view = new Uint8Array(padded.buffer, padded.byteOffset + 6, 31);
  t.is(client().receive(view).send[0]?.toString('hex'), '7defa9cc46abc3583325d17ccda75190');
});

/** Answers to challenges, computed with Python's hmac.new(b'secret', message, digest). */
const ANSWERS: Readonly<Record<string, string>> = {
  md5: 'e8928e8cca3ace2d777017168dc6a0b2',
  sha256: 'fc57fbe650d6124b98215e7b5d197d5807ad69982d275a9735ea2d56f1fa6989',
  sha384: 'bae78a3376369f7b803a8473318a9b7062495b47434159ac84fc92ddb33c51b277c44c3edd9a5f9cb7d628f21abe2665',
  sha3_256: '82e8fa62f363295b6655abecf0e98e510224c559e9745af9741c357aec358f90',
  sha3_384: 'bfbe71d4e622f58ebf6cbe049af4c8fe518645b482915af0940d678c37c0b46dd1a2a448f9ee5141c91bba42b46a7862',
};

for (const [name, digest] of Object.entries(ANSWERS)) {
  test(`a challenge that names ${name} is answered with it, over the name too`, (t) => {
    const { send } = client().receive(Buffer.concat([text(`#CHALLENGE#{${name}}`), ascending(40)]));
    t.deepEqual(textsOf(send), [`{${name}}${Buffer.from(digest, 'hex').toString('latin1')}`]);
  });
}

/** First messages of a server that a client does not answer. */
const REFUSED: readonly [what: string, message: Buffer, code: string][] = [
  ['no challenge', text('{"jsonrpc":"2.0","id":null}'), FAILED],
  ['an empty message', text(''), FAILED],
  [
    'a message that differs from a challenge in its first word only',
    Buffer.concat([text('#challenge#'), ascending(20)]),
    FAILED,
  ],
  ['a challenge of 19 bytes', Buffer.concat([text('#CHALLENGE#'), ascending(19)]), FAILED],
  ['a challenge of 16 bytes', Buffer.concat([text('#CHALLENGE#'), ascending(16)]), FAILED],
  ['21 bytes without a digest', Buffer.concat([text('#CHALLENGE#'), ascending(21)]), DIGEST],
  ['a digest that is not one of Python', Buffer.concat([text('#CHALLENGE#{sha1}'), ascending(40)]), DIGEST],
];

for (const [what, message, code] of REFUSED) {
  test(`a client does not answer ${what}`, (t) => {
    const { send, done, error } = client().receive(message);
    t.deepEqual({ send, done, code: error?.code }, { send: [], done: false, code });
  });
}

for (const [what, message] of [
  ['bare', Buffer.concat([text('#CHALLENGE#'), ascending(20)])],
  ['named', Buffer.concat([text('#CHALLENGE#{md5}'), ascending(40)])],
] as const) {
  test(`without MD5, a ${what} MD5 challenge gets no answer`, (t) => {
    const { send, done, error } = client(false).receive(message);
    t.deepEqual({ send, done, code: error?.code }, { send: [], done: false, code: DIGEST });
  });
}

for (const reply of ['#FAILURE#', '#welcome#', '#WELCOME#!', '', '#CHALLENGE#']) {
  test(`a client does not take ${JSON.stringify(reply)} for a welcome`, (t) => {
    const handshake = client();
    handshake.receive(Buffer.concat([text('#CHALLENGE#'), ascending(20)]));
    const { send, done, error } = handshake.receive(text(reply));
    t.deepEqual({ send, done, code: error?.code }, { send: [], done: false, code: FAILED });
  });
}

test('a server signs nothing before the other side has proven that it has the key', (t) => {
  const handshake = server();
  handshake.start();
  const step = handshake.receive(Buffer.concat([text('#CHALLENGE#'), ascending(20)]));
  t.deepEqual(textsOf(step.send), ['#FAILURE#']);
  t.is(step.error?.code, FAILED);
});

for (const [what, own, theirs] of [
  ['server', server, client],
  ['client', client, server],
] as const) {
  test(`a ${what} that has agreed accepts no further messages`, (t) => {
    const handshake = own();
    t.true(converse(handshake, theirs())[0].done);
    const { send, done, error } = handshake.receive(text('#WELCOME#'));
    t.deepEqual({ send, done, code: error?.code }, { send: [], done: false, code: FAILED });
  });
}

/** For each role, an opening that fails, and the messages that would have led to an agreement otherwise. */
const TOO_LATE: readonly [what: string, handshake: () => Handshake, messages: Buffer[]][] = [
  ['a wrong answer', server, [text('wrong'), Buffer.concat([text('#CHALLENGE#'), ascending(20)]), text('#WELCOME#')]],
  ['no challenge', client, [text('wrong'), text('#WELCOME#')]],
  ['no welcome', client, [Buffer.concat([text('#CHALLENGE#'), ascending(20)]), text('#FAILURE#'), text('#WELCOME#')]],
];

for (const [what, begin, messages] of TOO_LATE) {
  test(`after ${what}, no later message is answered or leads to an agreement`, (t) => {
    const handshake = begin();
    handshake.start();
    const steps = messages.map((message) => handshake.receive(message));
    const failedAt = steps.findIndex(({ error }) => error !== undefined);
    t.true(failedAt >= 0 && failedAt < steps.length - 1);
    for (const { send, done, error } of steps.slice(failedAt + 1)) {
      t.deepEqual({ send, done, code: error?.code }, { send: [], done: false, code: FAILED });
    }
  });
}

test('after a failure, the correct answer is refused', (t) => {
  const handshake = server();
  const challenge = challengeOf(handshake);
  handshake.receive(text('wrong'));
  const { send, done, error } = handshake.receive(Buffer.concat([text('{sha256}'), signed('sha256', KEY, challenge)]));
  t.deepEqual({ send, done, code: error?.code }, { send: [], done: false, code: FAILED });
});
