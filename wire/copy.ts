/**
 * Copies from and to shared memory. V8 copies such memory byte by byte unless source and target are aligned alike, and a payload
 * behind a header is not: 12 µs for 64 KiB, where the native function of Buffer takes 1 µs. For few bytes, the call of that
 * function costs more than it saves.
 */
import { Buffer } from 'node:buffer';

/** From this length on, the native function is faster into memory that exists. */
const NATIVE_BYTES = 256;
/** The same for memory that is allocated besides. */
const NATIVE_ALLOCATED_BYTES = 1024;

// Kept: a module of the user's may replace the methods.
const { allocUnsafe, allocUnsafeSlow } = Buffer;
const nativeCopy: (source: Uint8Array, target: Uint8Array, at: number, from: number, to: number) => void =
  Function.prototype.call.bind(Buffer.prototype.copy);
const set: (target: Uint8Array, source: Uint8Array, at: number) => void = Function.prototype.call.bind(
  Object.getPrototypeOf(Uint8Array.prototype).set,
);
const slice: (source: Uint8Array, from: number, to: number) => Uint8Array<ArrayBuffer> = Function.prototype.call.bind(
  Uint8Array.prototype.slice,
);

/**
 * @param source a plain Uint8Array or Buffer, not one of another class.
 * @throws RangeError when the target has no room.
 */
export function copyInto(target: Uint8Array, source: Uint8Array, at: number): void {
  // The native function would copy as much as fits. set() throws.
  if (source.length < NATIVE_BYTES || at + source.length > target.length) set(target, source, at);
  else nativeCopy(source, target, at, 0, source.length);
}

/**
 * A part of the bytes in memory of its own, which nothing else refers to.
 * @param source a plain Uint8Array, not a Buffer.
 */
export function ownCopy(source: Uint8Array, from: number, to: number): Uint8Array<ArrayBuffer> {
  const length = to - from;
  // Memory that is allocated as it is must be filled: slice() throws, or gives less.
  if (length < NATIVE_ALLOCATED_BYTES || to > source.length) return slice(source, from, to);
  const { buffer } = allocUnsafeSlow(length);
  const copy = new Uint8Array(buffer, 0, length);
  nativeCopy(source, copy, 0, from, to);
  return copy;
}

/** The bytes in ordinary memory, which small copies share. */
export function bufferCopy(source: Uint8Array): Buffer {
  if (source.length < NATIVE_ALLOCATED_BYTES) return Buffer.from(source);
  const copy = allocUnsafe(source.length);
  nativeCopy(source, copy, 0, 0, source.length);
  return copy;
}
