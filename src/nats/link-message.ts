/**
 * The messages of a link: one byte for the kind, four for the sequence number, then the body. Numbers are unsigned and
 * big-endian. Each side numbers its messages from 0 on, whatever their kind, so that a lost message is noticed by the next one.
 */

export const KINDS = {
  /** Bytes of the conversation. */
  data: 1,
  /** How many bytes the sender's reader has taken since the start, and the free places of an instance. */
  credit: 2,
  /** Asks for a `credit`; the body says whether calls are open. */
  ping: 3,
  /** No bytes follow; the other direction goes on. */
  end: 4,
  /**
   * The sender has closed the link: how many bytes its reader had taken, and the error, if there was one. Counts in no sequence.
   */
  close: 5,
} as const;

export type Kind = (typeof KINDS)[keyof typeof KINDS];

export const HEADER_BYTES = 5;
const CONSUMED_BYTES = 6;
const UNKNOWN = 2 ** (8 * CONSUMED_BYTES) - 1;
const CREDIT_BYTES = CONSUMED_BYTES + 4;
const MAX_PLACES = 0xffff_ffff;
/** More of the text of an error is not read. */
const MAX_CLOSE_BYTES = 2_048;

export type Credit = { consumed: number; places: number };

/** Writes the header into the first {@link HEADER_BYTES} of a message. */
export function writeHeader(message: Buffer, kind: Kind, sequence: number): void {
  message[0] = kind;
  message.writeUInt32BE(sequence, 1);
}

export function encodeMessage(kind: Kind, sequence: number, body: Uint8Array): Buffer {
  const message = Buffer.allocUnsafe(HEADER_BYTES + body.length);
  writeHeader(message, kind, sequence);
  message.set(body, HEADER_BYTES);
  return message;
}

export function encodeCredit({ consumed, places }: Credit): Buffer {
  const body = Buffer.allocUnsafe(CREDIT_BYTES);
  body.writeUIntBE(consumed, 0, CONSUMED_BYTES);
  body.writeUInt32BE(limitPlaces(places), CONSUMED_BYTES);
  return body;
}

/** A number of places that a message can have. */
export function limitPlaces(places: number): number {
  return Math.max(0, Math.min(Math.floor(places), MAX_PLACES));
}

/** Undefined for a body that is no credit. */
export function decodeCredit(body: Buffer): Credit | undefined {
  if (body.length < CREDIT_BYTES) return undefined;
  return { consumed: body.readUIntBE(0, CONSUMED_BYTES), places: body.readUInt32BE(CONSUMED_BYTES) };
}

/** @param taken undefined if it is not known. */
export function encodeClose(taken: number | undefined, error = ''): Buffer {
  const body = Buffer.allocUnsafe(CONSUMED_BYTES + Buffer.byteLength(error));
  body.writeUIntBE(taken ?? UNKNOWN, 0, CONSUMED_BYTES);
  body.write(error, CONSUMED_BYTES);
  return body;
}

export function decodeClose(body: Buffer): { taken: number | undefined; error: string } {
  const taken = body.length < CONSUMED_BYTES ? UNKNOWN : body.readUIntBE(0, CONSUMED_BYTES);
  return {
    taken: taken === UNKNOWN ? undefined : taken,
    error: body.toString('utf8', CONSUMED_BYTES, MAX_CLOSE_BYTES),
  };
}

/** Undefined for bytes that are no message of a link. */
export function decodeMessage(bytes: Uint8Array): { kind: Kind; sequence: number; body: Buffer } | undefined {
  const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const kind = message[0] as Kind;
  if (message.length < HEADER_BYTES || kind < KINDS.data || kind > KINDS.close) return undefined;
  return { kind, sequence: message.readUInt32BE(1), body: message.subarray(HEADER_BYTES) };
}

/** The sequence number after this one. */
export function nextSequence(sequence: number): number {
  return (sequence + 1) >>> 0;
}
