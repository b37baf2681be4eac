/** Writes what an envelope is made of in MessagePack: the values of JSON. The codec is not loaded for them. */

// The module on the same thread may change the global objects.
const { isArray } = Array;
const { keys: keysOf } = Object;
const { isSafeInteger } = Number;

const NIL = Buffer.from([0xc0]);
const FALSE = Buffer.from([0xc2]);
const TRUE = Buffer.from([0xc3]);

/** A value in MessagePack, in parts that follow one another. Long bytes are a part of their own, which is not copied. */
export class Packed {
  readonly parts: readonly Uint8Array[];
  readonly length: number;

  constructor(parts: readonly Uint8Array[]) {
    this.parts = parts;
    this.length = parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** Whether bytes of its value are a part of it: they must not change before it is sent. */
  get isBorrowed(): boolean {
    return this.parts.length > 1;
  }

  toBytes(): Uint8Array {
    const bytes = Buffer.allocUnsafeSlow(this.length);
    this.copyTo(bytes, 0);
    return bytes;
  }

  /** Copies it to `target` from `at` on, where it has room. */
  copyTo(target: Uint8Array, at: number): void {
    let to = at;
    for (const part of this.parts) {
      Buffer.from(part.buffer, part.byteOffset, part.byteLength).copy(target, to);
      to += part.length;
    }
  }
}

/** Raw bytes that stand in the place of a value. */
export class RawValue {
  readonly parts: readonly Uint8Array[];
  constructor(parts: readonly Uint8Array[]) {
    this.parts = parts;
  }
}

/** @param value a value of JSON, which may have a {@link RawValue} at any place. A member that is undefined is left out. */
export function writePacked(value: unknown): Packed {
  const parts: Uint8Array[] = [];
  write(value, parts);
  return new Packed(parts);
}

function write(value: unknown, parts: Uint8Array[]): void {
  if (value instanceof RawValue) for (const part of value.parts) parts.push(part);
  else if (typeof value === 'string') writeText(value, parts);
  else if (typeof value === 'number') parts.push(numberBytes(value));
  else if (typeof value === 'boolean') parts.push(value ? TRUE : FALSE);
  else if (isArray(value)) {
    parts.push(arrayHeader(value.length));
    for (const item of value) write(item, parts);
  } else if (typeof value === 'object' && value !== null) writeMembers(value as Record<string, unknown>, parts);
  else parts.push(NIL);
}

function writeMembers(object: Record<string, unknown>, parts: Uint8Array[]): void {
  const keys = keysOf(object).filter((key) => object[key] !== undefined);
  parts.push(mapHeader(keys.length));
  for (const key of keys) {
    writeText(key, parts);
    write(object[key], parts);
  }
}

function writeText(text: string, parts: Uint8Array[]): void {
  const bytes = Buffer.from(text);
  const { length } = bytes;
  parts.push(length < 32 ? Buffer.from([0xa0 | length]) : header([0xd9, 0xda, 0xdb], length), bytes);
}

/** The header of an array of so many items. */
export function arrayHeader(length: number): Uint8Array {
  return length < 16 ? Buffer.from([0x90 | length]) : header([undefined, 0xdc, 0xdd], length);
}

function mapHeader(length: number): Uint8Array {
  return length < 16 ? Buffer.from([0x80 | length]) : header([undefined, 0xde, 0xdf], length);
}

/** The header of so many bytes. */
export function bytesHeader(length: number): Uint8Array {
  return header([0xc4, 0xc5, 0xc6], length);
}

/** @param types the first bytes for lengths of 8, 16 and 32 bits. */
function header([short, medium, long]: readonly (number | undefined)[], length: number): Uint8Array {
  if (short !== undefined && length <= 0xff) return Buffer.from([short, length]);
  const isMedium = length <= 0xffff;
  const bytes = Buffer.allocUnsafe(isMedium ? 3 : 5);
  bytes[0] = (isMedium ? medium : long) as number;
  bytes.writeUIntBE(length, 1, isMedium ? 2 : 4);
  return bytes;
}

function numberBytes(value: number): Uint8Array {
  if (value >= -32 && value < 0x80 && isSafeInteger(value)) return Buffer.from([value & 0xff]);
  const isInteger = isSafeInteger(value);
  const isShort = isInteger && value >= -0x80000000 && value <= 0xffffffff;
  const bytes = Buffer.allocUnsafe(isShort ? 5 : 9);
  if (!isInteger) bytes.writeDoubleBE(value, bytes.writeUInt8(0xcb));
  else if (!isShort) bytes.writeBigInt64BE(BigInt(value), bytes.writeUInt8(0xd3));
  else if (value >= 0) bytes.writeUInt32BE(value, bytes.writeUInt8(0xce));
  else bytes.writeInt32BE(value, bytes.writeUInt8(0xd2));
  return bytes;
}
