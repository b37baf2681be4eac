/**
 * The authkey handshake of multiprocessing.connection, both roles, as a state machine without I/O.
 *
 *     server                                        client
 *     #CHALLENGE# message₁                  ──▶
 *                                           ◀──     answer₁ = HMAC(authkey, message₁)
 *     #WELCOME# (or #FAILURE#, and closes)  ──▶
 *                                           ◀──     #CHALLENGE# message₂
 *     answer₂ = HMAC(authkey, message₂)     ──▶
 *                                           ◀──     #WELCOME# (or #FAILURE#, and closes)
 *
 * Python up to 3.11 sends 20 random bytes and answers with a bare 16-byte HMAC-MD5. From 3.12 on the message is
 * `{digest}` and 40 random bytes, and the answer `{digest}` and the HMAC over the whole message. An older client takes such
 * a message as it is and answers with bare MD5, which is accepted unless MD5 is switched off.
 * Source: "multiprocessing.connection Authentication Handshake Protocol Description" in
 * https://github.com/python/cpython/blob/main/Lib/multiprocessing/connection.py
 *
 * A server without the key could have its client answer that client's own challenge, on another connection. So a client of
 * launchpool marks its challenges: 24 of their 40 bytes are random, and the others an HMAC of these under the authkey. It
 * answers no challenge with such a mark, whichever connection, thread or process with this key has sent it, and needs to
 * remember none. To other sides the bytes are random.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { CHALLENGE, startsWith } from './challenge.ts';
import { LaunchpoolError } from './errors.ts';

const WELCOME = Buffer.from('#WELCOME#');
const FAILURE = Buffer.from('#FAILURE#');

/** Python's name of a digest → the name in node:crypto. */
const DIGESTS: Readonly<Record<string, string>> = {
  md5: 'md5',
  sha256: 'sha256',
  sha384: 'sha384',
  sha3_256: 'sha3-256',
  sha3_384: 'sha3-384',
};
const LEGACY_CHALLENGE_BYTES = 20;
const LEGACY_ANSWER_BYTES = 16;
const RANDOM_BYTES = 40;
const MARK_BYTES = 16;
/** Before the bytes under the mark. No challenge is answered with an HMAC over it: an answer covers `{digest}` or 20 bytes. */
const MARK_CONTEXT = Buffer.from('launchpool: a challenge of a client');

export type HandshakeOptions = {
  /** The side that accepted ('server'), which challenges first, or that connected ('client'). */
  role: 'server' | 'client';
  /** The shared key. */
  authkey: Uint8Array;
  /**
   * Whether HMAC-MD5 is allowed, which Python up to 3.11 needs.
   * @default true
   */
  md5?: boolean;
};

/** What to send in reply to a message, and the state of the handshake after it. On failure: send, then close. */
export type HandshakeStep = { send: Buffer[]; done: boolean; error?: LaunchpoolError };

export type Handshake = {
  /** What to send when the connection is open. */
  start(): Buffer[];
  /** Takes the payload of the next frame. Never throws; the step with `error` is the last one. */
  receive(payload: Uint8Array): HandshakeStep;
};

export function createHandshake({ role, authkey, md5 = true }: HandshakeOptions): Handshake {
  const random = role === 'client' ? markedBytes(authkey) : randomBytes(RANDOM_BYTES);
  const challenge = Buffer.concat([Buffer.from('{sha256}'), random]);
  const deliver = Buffer.concat([CHALLENGE, challenge]);

  const onAnswer = (answer: Buffer, send: Buffer[]): void => {
    const right = isRightAnswer(authkey, challenge, answer, md5);
    send.push(right ? WELCOME : FAILURE);
    if (!right) throw failed('the other side gave a wrong answer');
  };
  const onChallenge = (message: Buffer, send: Buffer[]): void => {
    if (!startsWith(message, CHALLENGE)) throw failed('the other side sent no challenge');
    const theirs = message.subarray(CHALLENGE.length);
    if (role === 'client' && isMarked(authkey, theirs)) throw reflected();
    send.push(answerTo(authkey, theirs, md5));
  };
  const onWelcome = (message: Buffer, send: Buffer[]): void => {
    if (message.equals(FAILURE)) throw failed('the other side refuses this authkey');
    if (!message.equals(WELCOME)) throw failed('the other side sent no welcome');
    if (role === 'client') send.push(deliver);
  };
  const steps = role === 'server' ? [onAnswer, onChallenge, onWelcome] : [onChallenge, onWelcome, onAnswer];

  return {
    start: () => (role === 'server' ? [deliver] : []),
    receive(payload) {
      const send: Buffer[] = [];
      try {
        const step = steps.shift();
        if (step === undefined) throw failed('a message came after the end of the handshake');
        step(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength), send);
        return { send, done: steps.length === 0 };
      } catch (error) {
        steps.length = 0;
        return { send, done: false, error: error as LaunchpoolError };
      }
    },
  };
}

function failed(what: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_AUTH_FAILED', `authkey handshake: ${what}`, {
    hint: 'Give both sides the same key; --authkey-file counts every byte but one trailing newline.',
  });
}

function reflected(): LaunchpoolError {
  return new LaunchpoolError(
    'ERR_LAUNCHPOOL_AUTH_FAILED',
    "authkey handshake: the server sent a client's own challenge back, to have it answered",
    { hint: 'The server does not have the key. Find out which program listens at the socket.' },
  );
}

function unsupported(what: string, hint: string): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_AUTH_DIGEST', `authkey handshake: ${what}`, { hint });
}

function answerTo(authkey: Uint8Array, message: Buffer, md5: boolean): Buffer {
  if (message.length === LEGACY_CHALLENGE_BYTES) {
    const digest = md5 ? hmac('md5', authkey, message) : undefined;
    if (digest !== undefined) return digest;
    throw unsupported(
      'the other side knows only HMAC-MD5, which is not allowed here',
      'Use Python 3.12 or later on the other side, or allow MD5 on this one.',
    );
  }
  if (message.length < LEGACY_CHALLENGE_BYTES) throw failed('the challenge is too short');
  const name = digestName(message);
  const digest = name === undefined || (name === 'md5' && !md5) ? undefined : hmac(name, authkey, message);
  if (digest === undefined) {
    throw unsupported(`the other side asks for the digest ${name ?? 'of no known name'}`, 'sha256 always works.');
  }
  return Buffer.concat([Buffer.from(`{${name}}`), digest]);
}

/** The random part of a client's challenge. */
function markedBytes(authkey: Uint8Array): Buffer {
  const random = randomBytes(RANDOM_BYTES - MARK_BYTES);
  return Buffer.concat([random, markOf(authkey, random)]);
}

/** Whether a client with this key has made the challenge. The name of a digest before the random part does not matter. */
function isMarked(authkey: Uint8Array, challenge: Buffer): boolean {
  if (challenge.length < RANDOM_BYTES) return false;
  const random = challenge.subarray(-RANDOM_BYTES, -MARK_BYTES);
  return timingSafeEqual(markOf(authkey, random), challenge.subarray(-MARK_BYTES));
}

function markOf(authkey: Uint8Array, random: Buffer): Buffer {
  return createHmac('sha256', authkey).update(MARK_CONTEXT).update(random).digest().subarray(0, MARK_BYTES);
}

/** Compares in constant time. The MAC covers the `{digest}` prefix of the challenge: a third party cannot weaken it. */
function isRightAnswer(authkey: Uint8Array, challenge: Buffer, answer: Buffer, md5: boolean): boolean {
  const bare = answer.length === LEGACY_ANSWER_BYTES;
  const name = bare ? 'md5' : digestName(answer);
  if (name === undefined || (name === 'md5' && !md5)) return false;
  const expected = hmac(name, authkey, challenge);
  const given = bare ? answer : answer.subarray(name.length + 2);
  return expected !== undefined && expected.length === given.length && timingSafeEqual(expected, given);
}

/** The digest in a `{digest}` prefix, if Python has it. */
function digestName(message: Buffer): string | undefined {
  const name = /^\{([a-z0-9_]{1,8})\}/.exec(message.toString('latin1', 0, 10))?.[1];
  return name !== undefined && Object.hasOwn(DIGESTS, name) ? name : undefined;
}

/** Undefined where the digest is missing, such as MD5 under FIPS. */
function hmac(name: string, authkey: Uint8Array, message: Buffer): Buffer | undefined {
  try {
    return createHmac(DIGESTS[name] as string, authkey)
      .update(message)
      .digest();
  } catch {
    // OpenSSL refuses digests that its policy forbids; the caller reports it.
    return undefined;
  }
}
