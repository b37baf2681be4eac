/** The extension types of MessagePack that requests and replies may have. See docs/protocol.md. */

/** A point in time, as MessagePack itself defines it. */
export const TIMESTAMP: number = -1;
/** An array of pairs, each an array of a key and a value. */
export const MAP_TYPE = 1;
/** An array of values. */
export const SET_TYPE = 2;
/** A whole number of any length, in two's complement, the highest byte first. */
export const BIGINT_TYPE = 3;

export function bigIntBytes(value: bigint): Uint8Array {
  // The complement of a negative number has the same length.
  const digits = (value < 0n ? ~value : value).toString(16);
  // A bit is the sign.
  const length = Math.floor(digits.length / 2) + 1;
  const bytes = Buffer.from(digits.padStart(2 * length, '0'), 'hex');
  const isShort = bytes.length > 1 && bytes[0] === 0 && (bytes[1] as number) < 0x80;
  const own = isShort ? bytes.subarray(1) : bytes;
  if (value < 0n) for (let index = 0; index < own.length; index += 1) own[index] = ~(own[index] as number);
  return own;
}

/** @param bytes one or more. */
export function bigIntOf(bytes: Uint8Array): bigint {
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
  const value = BigInt(`0x${hex}`);
  return (bytes[0] as number) < 0x80 ? value : value - (1n << BigInt(8 * bytes.length));
}
