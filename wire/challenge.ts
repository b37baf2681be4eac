/** Recognises a challenge without the means to answer it: what a client without an authkey receives. */

/** Handshake messages are never longer; Python reads them with recv_bytes(256). */
export const MAX_HANDSHAKE_FRAME_BYTES = 256;
/** The start of the first message of the authkey handshake; see handshake.ts. */
export const CHALLENGE: Buffer = Buffer.from('#CHALLENGE#');
/** Python up to 3.11: 20 random bytes. Python 3.12 and later: the name of a digest, and 40 bytes. */
const MESSAGE = /^(?:[\s\S]{20}|\{[a-z0-9_]{1,8}\}[\s\S]{40})$/;

/** Whether a server's first frame has the shape of a challenge. */
export function isChallenge(payload: Buffer): boolean {
  return startsWith(payload, CHALLENGE) && MESSAGE.test(payload.toString('latin1', CHALLENGE.length));
}

export function startsWith(message: Uint8Array, prefix: Buffer): boolean {
  return message.length >= prefix.length && prefix.compare(message, 0, prefix.length) === 0;
}
