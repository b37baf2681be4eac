/** The encoding of a request, by its first bytes alone. */

/** `unknown` covers the empty request too. */
export type Encoding = 'json' | 'messagepack' | 'pickle' | 'unknown';

/**
 * JSON begins, after white space, with `{` or `[`; MessagePack with a map or an array; a pickle of protocol 2 to 5
 * (what Python's `send` writes) with 0x80 and the protocol.
 */
export function sniffEncoding(payload: Uint8Array): Encoding {
  const first = payload[0];
  if (first === 0x7b || first === 0x5b) return 'json';
  if (first === undefined) return 'unknown';
  if (first === 0x80) return isBetween(payload[1], 0x02, 0x05) ? 'pickle' : 'unknown';
  if (isBetween(first, 0x81, 0x8f) || isBetween(first, 0x91, 0x9f) || isBetween(first, 0xdc, 0xdf)) {
    return 'messagepack';
  }
  const visible = payload[skipWhiteSpace(payload, 0)];
  return visible === 0x7b || visible === 0x5b ? 'json' : 'unknown';
}

/** Whether an RPC agent reads the encoding of a payload. */
export function isReadable(payload: Uint8Array): boolean {
  const encoding = sniffEncoding(payload);
  return encoding === 'json' || encoding === 'messagepack';
}

/** The index of the first byte from `at` on that is not JSON white space (RFC 8259 §2). */
export function skipWhiteSpace(bytes: Uint8Array, at: number): number {
  let index = at;
  for (;;) {
    const byte = bytes[index];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return index;
    index += 1;
  }
}

function isBetween(byte: number | undefined, low: number, high: number): boolean {
  return byte !== undefined && byte >= low && byte <= high;
}
