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
  const challenge = Buffer.concat([Buffer.from('{sha256}'), randomBytes(RANDOM_BYTES)]);
  const deliver = Buffer.concat([CHALLENGE, challenge]);

  const onAnswer = (answer: Buffer, send: Buffer[]): void => {
    const right = isRightAnswer(authkey, challenge, answer, md5);
    send.push(right ? WELCOME : FAILURE);
    if (!right) throw failed('the other side gave a wrong answer');
  };
  const onChallenge = (message: Buffer, send: Buffer[]): void => {
    if (!startsWith(message, CHALLENGE)) throw failed('the other side sent no challenge');
    send.push(answerTo(authkey, message.subarray(CHALLENGE.length), md5));
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
