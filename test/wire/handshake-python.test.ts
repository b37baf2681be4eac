/** The authkey handshake against a small model of Python's, of both generations and in both roles. */
import { createHmac, randomBytes } from 'node:crypto';
import test from 'ava';
import { createHandshake, type HandshakeOptions, type HandshakeStep } from '../../wire/handshake.ts';

type Digest = 'md5' | 'sha256' | 'sha384' | 'sha3_256' | 'sha3_384';
/** Up to 3.11 Python has one digest, without a name. */
type Generation = 'up to 3.11' | Digest;
/** One side of the handshake: yields each message that it sends, or undefined to receive one; returns whether it agrees. */
type Side = Generator<Buffer | undefined, boolean, Buffer>;

const DIGESTS: readonly Digest[] = ['md5', 'sha256', 'sha384', 'sha3_256', 'sha3_384'];
const GENERATIONS: readonly Generation[] = ['up to 3.11', ...DIGESTS];
const KEY = Buffer.from('correct horse');
const OTHER_KEY = Buffer.from('battery staple');

const hmac = (digest: string, key: Buffer, message: Buffer): Buffer =>
  createHmac(digest.replace('_', '-'), key).update(message).digest();

function nameOf(message: Buffer): Digest | undefined {
  return DIGESTS.find((digest) => message.toString('latin1').startsWith(`{${digest}}`));
}

function* deliverChallenge(key: Buffer, generation: Generation): Side {
  const isOld = generation === 'up to 3.11';
  const message = isOld ? randomBytes(20) : Buffer.concat([Buffer.from(`{${generation}}`), randomBytes(40)]);
  yield Buffer.concat([Buffer.from('#CHALLENGE#'), message]);
  const answer = yield undefined;
  const name = isOld || answer.length === 16 || answer.length === 20 ? undefined : nameOf(answer);
  const mac = name === undefined ? answer : answer.subarray(name.length + 2);
  const isRight = hmac(name ?? 'md5', key, message).equals(mac);
  yield Buffer.from(isRight ? '#WELCOME#' : '#FAILURE#');
  return isRight;
}

function* answerChallenge(key: Buffer, generation: Generation): Side {
  const received = yield undefined;
  if (received.toString('latin1', 0, 11) !== '#CHALLENGE#') return false;
  const message = received.subarray(11);
  if (generation === 'up to 3.11' || message.length === 20) {
    yield hmac('md5', key, message);
  } else {
    const name = nameOf(message);
    if (name === undefined) return false;
    yield Buffer.concat([Buffer.from(`{${name}}`), hmac(name, key, message)]);
  }
  return (yield undefined).toString('latin1') === '#WELCOME#';
}

function* python(role: 'server' | 'client', key: Buffer, generation: Generation): Side {
  if (role === 'server') {
    return (yield* deliverChallenge(key, generation)) && (yield* answerChallenge(key, generation));
  }
  return (yield* answerChallenge(key, generation)) && (yield* deliverChallenge(key, generation));
}

type End = { own: HandshakeStep; theirs: boolean | undefined };

/** Runs launchpool's side against a model; `onTheWay` may change the messages of the model. */
function converse(options: HandshakeOptions, model: Side, onTheWay = (message: Buffer): Buffer => message): End {
  const handshake = createHandshake(options);
  const inbox = handshake.start();
  let own: HandshakeStep = { send: [], done: false };
  let turn = model.next(Buffer.alloc(0));
  while (turn.done !== true) {
    if (turn.value !== undefined) {
      own = handshake.receive(onTheWay(turn.value));
      inbox.push(...own.send);
      turn = model.next(Buffer.alloc(0));
    } else {
      const message = inbox.shift();
      if (message === undefined) return { own, theirs: undefined };
      turn = model.next(message);
    }
  }
  return { own, theirs: turn.value };
}

for (const generation of GENERATIONS) {
  const title = generation === 'up to 3.11' ? 'Python up to 3.11' : `Python from 3.12 on with ${generation}`;
  for (const [role, theirRole] of [
    ['server', 'client'],
    ['client', 'server'],
  ] as const) {
    test(`${title} as the ${theirRole} agrees with launchpool`, (t) => {
      const { own, theirs } = converse({ role, authkey: KEY }, python(theirRole, KEY, generation));
      t.deepEqual([own.done, theirs], [true, true]);
    });

    test(`${title} as the ${theirRole} with another key does not agree with launchpool`, (t) => {
      const { own, theirs } = converse({ role, authkey: KEY }, python(theirRole, OTHER_KEY, generation));
      t.deepEqual([own.done, theirs], [false, false]);
      t.is(own.error?.code, 'ERR_LAUNCHPOOL_AUTH_FAILED');
    });

    const needsMd5 = generation === 'up to 3.11' || generation === 'md5';
    test(`${title} as the ${theirRole} ${needsMd5 ? 'is refused' : 'agrees'} without MD5`, (t) => {
      const { own } = converse({ role, authkey: KEY, md5: false }, python(theirRole, KEY, generation));
      t.is(own.done, !needsMd5);
      t.is(own.error === undefined, !needsMd5);
    });
  }
}

test('a server without MD5 names the reason when it refuses a correct MD5 answer', (t) => {
  const { own, theirs } = converse({ role: 'server', authkey: KEY, md5: false }, python('client', KEY, 'up to 3.11'));
  t.deepEqual(
    own.send.map((message) => message.toString()),
    ['#FAILURE#'],
  );
  t.false(theirs);
});

const named = (name: string) => (message: Buffer) =>
  Buffer.from(message.toString('latin1').replace(/\{\w+\}/, `{${name}}`), 'latin1');

for (const name of ['md5', 'sha3_256']) {
  test(`the answer to a challenge changed into ${name} on its way is refused`, (t) => {
    const { own, theirs } = converse({ role: 'client', authkey: KEY }, python('server', KEY, 'sha256'), named(name));
    t.false(theirs);
    t.is(own.error?.code, 'ERR_LAUNCHPOOL_AUTH_FAILED');
  });
}

test('the answer to a challenge cut to the old size on its way is refused', (t) => {
  const cut = (message: Buffer): Buffer => (message.length > 31 ? message.subarray(0, 31) : message);
  const { own, theirs } = converse({ role: 'client', authkey: KEY }, python('server', KEY, 'sha256'), cut);
  t.false(theirs);
  t.is(own.error?.code, 'ERR_LAUNCHPOOL_AUTH_FAILED');
});

test('an answer whose digest is renamed on its way is refused', (t) => {
  const { own, theirs } = converse({ role: 'server', authkey: KEY }, python('client', KEY, 'sha256'), named('md5'));
  t.false(theirs);
  t.is(own.error?.code, 'ERR_LAUNCHPOOL_AUTH_FAILED');
});

/** Answers a challenge with a digest of its own choice. */
function* choosing(digest: string): Side {
  const message = (yield undefined).subarray(11);
  yield Buffer.concat([Buffer.from(`{${digest}}`), hmac(digest, KEY, message)]);
  return (yield undefined).toString('latin1') === '#WELCOME#';
}

for (const digest of DIGESTS) {
  test(`a client may choose ${digest} for its answer, as in Python`, (t) => {
    t.true(converse({ role: 'server', authkey: KEY }, choosing(digest)).theirs);
  });
}

for (const digest of ['sha1', 'sha512']) {
  test(`a client may not choose ${digest}`, (t) => {
    t.false(converse({ role: 'server', authkey: KEY }, choosing(digest)).theirs);
  });
}
