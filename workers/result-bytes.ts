/**
 * The bytes of a raw handler's result. They are read by what the object is, not by what it says: a class or an object
 * may have a `length` of its own, a proxy is no array, and memory may be detached or become smaller at any time.
 */
import { types } from 'node:util';
import { copyInto } from '../wire/copy.ts';
import { LaunchpoolError, toPlain } from '../wire/errors.ts';

const { isUint8Array, isAnyArrayBuffer, isDataView, isBigInt64Array, isBigUint64Array } = types;
const { isView } = ArrayBuffer;
const Bytes = Uint8Array;
const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
const set: (target: ArrayBufferView, source: ArrayBufferView, at: number) => void = Function.prototype.call.bind(
  typedArray.set,
);
/** From this length on, a result is copied by way of a view that is a Uint8Array and nothing else. */
const PLAIN_BYTES = 1024;
const NONE: Uint8Array = new Uint8Array(0);
const NO_BIGINTS = new BigInt64Array(0);

/** Returns the function that reads a property as its class defines it. Throws for an object without that property. */
function reader<Value>(prototype: object, name: string): (object: ArrayBufferView) => Value {
  const { get } = Object.getOwnPropertyDescriptor(prototype, name) as { get: (this: ArrayBufferView) => Value };
  return Function.prototype.call.bind(get) as never;
}

const memoryOf = reader<ArrayBufferLike>(typedArray, 'buffer');
const offsetOf = reader<number>(typedArray, 'byteOffset');
const byteLengthOf = reader<number>(typedArray, 'byteLength');
const viewed = {
  memoryOf: reader<ArrayBufferLike>(DataView.prototype, 'buffer'),
  offsetOf: reader<number>(DataView.prototype, 'byteOffset'),
  byteLengthOf: reader<number>(DataView.prototype, 'byteLength'),
};

/** The length of a Uint8Array of any class; 0 if its memory is gone. */
export const lengthOf: (bytes: Uint8Array) => number = reader<number>(typedArray, 'length') as never;

/**
 * Returns the result itself if it is a Uint8Array of any class, also if its memory is gone: `copyBytes` finds that.
 * @throws ERR_LAUNCHPOOL_RESULT_INVALID
 */
export function bytesOf(result: unknown): Uint8Array {
  if (isUint8Array(result)) return result;
  try {
    if (isAnyArrayBuffer(result)) return new Bytes(result);
    if (isView(result)) return isDataView(result) ? viewOf(result, viewed) : plainBytes(result as never);
  } catch (cause) {
    throw unreadable(cause);
  }
  throw new LaunchpoolError(
    'ERR_LAUNCHPOOL_RESULT_INVALID',
    `the result of a raw handler is not a Uint8Array: ${result === null ? 'null' : typeof result}`,
    { hint: 'Encode text with new TextEncoder().encode(text).' },
  );
}

/**
 * A view of the same bytes that is a Uint8Array and nothing else, and does not grow with its memory.
 * @throws ERR_LAUNCHPOOL_RESULT_INVALID when the memory is gone.
 */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  try {
    // Memory that is gone seems empty; only a copy of it throws.
    if (byteLengthOf(bytes) === 0) set(isBigInts(bytes) ? NO_BIGINTS : NONE, bytes, 0);
    return viewOf(bytes, { memoryOf, offsetOf, byteLengthOf });
  } catch (cause) {
    throw unreadable(cause);
  }
}

/**
 * Copies all bytes of a Uint8Array of any class.
 * @throws TypeError or ERR_LAUNCHPOOL_RESULT_INVALID when the memory is gone.
 */
export function copyBytes(target: Uint8Array, bytes: Uint8Array, at: number): void {
  // A view for each of the many short results would cost more than it saves.
  if (lengthOf(bytes) < PLAIN_BYTES) set(target, bytes, at);
  else copyInto(target, plainBytes(bytes), at);
}

function isBigInts(view: unknown): boolean {
  return isBigInt64Array(view) || isBigUint64Array(view);
}

function viewOf<View extends ArrayBufferView>(
  view: View,
  read: Record<'offsetOf' | 'byteLengthOf', (view: View) => number> & { memoryOf: (view: View) => ArrayBufferLike },
): Uint8Array {
  return new Bytes(read.memoryOf(view), read.offsetOf(view), read.byteLengthOf(view));
}

function unreadable(cause: unknown): LaunchpoolError {
  const message = `the result of a raw handler cannot be read: ${toPlain(cause).message}`;
  return new LaunchpoolError('ERR_LAUNCHPOOL_RESULT_INVALID', message, {
    cause,
    hint: 'Return memory that is neither transferred nor made smaller before the reply is sent.',
  });
}
