/**
 * Values to MessagePack and back. It is loaded when the first message needs it, from a file of its own: its classes are not
 * those of the files that use it.
 */
import { BIGINT_TYPE, bigIntBytes, bigIntOf, MAP_TYPE, SET_TYPE } from './extensions.ts';
import { addExtension, Packr } from './msgpackr.ts';
import { type Extensions, toPackable } from './packable.ts';
import { dataBytes, headerBytes, isExt } from './scan.ts';
import { findFault, Unreadable } from './validate.ts';
import { bytesHeader, Packed } from './write.ts';

/** Longer bytes are no part of what the packer writes, which would copy them once more. */
const LONG_BYTES = 16 * 1024;
/** The memory of the packer; more is given back after a message that needed it. */
const PACKER_BYTES = 64 * 1024;
/** Stands in the place of long bytes until all is packed; never leaves this process. */
const PLACEHOLDER_TYPE = 127;

class Extension {
  readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}
class MapExtension extends Extension {}
class SetExtension extends Extension {}
class BigIntExtension extends Extension {}
class Placeholder extends Extension {}

/** Reads the value at an index of what is being unpacked; absent for content of one byte, which is an empty array. */
type ReadAt = ((index: number) => unknown) | undefined;

// The package's types do not know `auto`: a bigint beyond what a number holds.
const options: object = { useRecords: false, mapsAsObjects: true, variableMapSize: true, int64AsType: 'auto' };
const packer = new Packr(options);
/** Where the bytes begin that are being unpacked. */
let origin = 0;

const itemsOf = (bytes: Uint8Array, readAt: ReadAt): unknown[] =>
  (readAt?.(bytes.byteOffset - origin) ?? []) as unknown[];
register(MapExtension, MAP_TYPE, (bytes, readAt) => new Map(itemsOf(bytes, readAt) as [unknown, unknown][]));
register(SetExtension, SET_TYPE, (bytes, readAt) => new Set(itemsOf(bytes, readAt)));
register(BigIntExtension, BIGINT_TYPE, bigIntOf);
register(Placeholder, PLACEHOLDER_TYPE, () => undefined);
const PLACEHOLDER = new Placeholder(new Uint8Array(1));

function register(Class: typeof Extension, type: number, unpack: (bytes: Uint8Array, readAt: ReadAt) => unknown): void {
  // The package's types do not have the second parameter of `unpack`.
  const options = { Class, type, pack: ({ bytes }: Extension) => bytes, unpack };
  addExtension(options as unknown as Parameters<typeof addExtension>[0]);
}

/** The packer's own memory is never written twice, so what it returns stays as it is. */
function packBytes(packable: unknown): Uint8Array {
  const bytes = packer.pack(packable);
  if (bytes.length > PACKER_BYTES) packer.useBuffer(Buffer.allocUnsafeSlow(PACKER_BYTES));
  return bytes;
}

const inside: Extensions = {
  bytes: (value) => new Uint8Array(value.buffer, value.byteOffset, value.byteLength),
  map: (pairs) => new MapExtension(packBytes(pairs)),
  set: (values) => new SetExtension(packBytes(values)),
  bigInt: (value) => new BigIntExtension(bigIntBytes(value)),
  integer: BigInt,
  get inside() {
    return inside;
  },
};

/**
 * A value in MessagePack. The bytes of a Uint8Array may be a part of it, and must not change before they are sent.
 * @throws NotPackable for a value that MessagePack does not carry, and what a getter and a `toJSON` throw.
 */
export function pack(value: unknown): Packed {
  const long: Uint8Array[] = [];
  const bytes = (value: Uint8Array): unknown => {
    const plain = inside.bytes(value) as Uint8Array;
    if (plain.length < LONG_BYTES) return plain;
    long.push(plain);
    return PLACEHOLDER;
  };
  const { map, set, bigInt, integer } = inside;
  const packed = packBytes(toPackable(value, { bytes, map, set, bigInt, integer, inside }));
  return new Packed(long.length === 0 ? [packed] : replacePlaceholders(packed, long));
}

/** @param long what stands in the place of each placeholder, in order. */
function replacePlaceholders(packed: Uint8Array, long: readonly Uint8Array[]): Uint8Array[] {
  const bytes = Buffer.from(packed.buffer, packed.byteOffset, packed.byteLength);
  const parts: Uint8Array[] = [];
  let from = 0;
  for (let at = 0; at < bytes.length; ) {
    const end = at + headerBytes(bytes[at] as number) + dataBytes(bytes, at);
    if (isExt(bytes[at] as number) && bytes.readInt8(at + 1) === PLACEHOLDER_TYPE) {
      const present = long[parts.length / 3] as Uint8Array;
      parts.push(bytes.subarray(from, at), bytesHeader(present.length), present);
      from = end;
    }
    at = end;
  }
  return [...parts, bytes.subarray(from)];
}

/**
 * Reads one value. The memory of the bytes is that of each Uint8Array in it.
 * @throws Unreadable
 */
export function unpack(bytes: Uint8Array): unknown {
  const fault = findFault(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  if (fault !== undefined) throw new Unreadable(fault);
  origin = bytes.byteOffset;
  // A view that is a Uint8Array and nothing else: so are the values.
  return packer.unpack(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
}
