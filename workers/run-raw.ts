/** Runs a raw agent's handler: one message in, one out. */
import { types } from 'node:util';
import { LaunchpoolError, toPlain } from '../wire/errors.ts';
import type { RawHandler } from './handlers.ts';
import { Failure, type Result, type Runner } from './runner.ts';
import { whenSettled } from './settling.ts';

const same = <Value>(value: Value): Value => value;
const slice = Uint8Array.prototype.slice;

/** @param borrows whether the handler wants long messages as they stand in shared memory. */
export function rawRunner(handle: RawHandler, borrows = false): Runner {
  return {
    kind: 'raw',
    run(input, start, end, lent = false) {
      try {
        const result = handle(lent && borrows ? viewOf(input, start, end) : copyOf(input, start, end));
        return isThenable(result)
          ? whenSettled<Uint8Array, Result>(whenSettled(result, bytesOf), same, failed)
          : bytesOf(result);
      } catch (thrown) {
        return failed(thrown);
      }
    },
  };
}

/** The handler's own bytes: a plain Uint8Array in ordinary memory, valid for as long as the handler keeps it. */
function copyOf(input: Buffer, start: number, end: number): Uint8Array {
  return slice.call(plainView(input), start, end);
}

function viewOf({ buffer, byteOffset }: Buffer, start: number, end: number): Uint8Array {
  return new Uint8Array(buffer, byteOffset + start, end - start);
}

/** A Buffer's slice would be a Buffer again. */
const plainViews = new WeakMap<Buffer, Uint8Array>();
function plainView(input: Buffer): Uint8Array {
  let view = plainViews.get(input);
  if (view === undefined) {
    view = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
    plainViews.set(input, view);
  }
  return view;
}

/** A raw failure goes to the agent's own log and never to the caller, so the stack may go along. */
function failed(thrown: unknown): Failure {
  const plain = toPlain(thrown, { stack: true });
  try {
    return new Failure(structuredClone(plain));
  } catch {
    // `data` is the handler's own and may hold what cannot leave its thread.
    const { data: _left, ...rest } = plain;
    return new Failure(rest);
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value !== null &&
    (typeof value === 'object' || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  );
}

function bytesOf(result: unknown): Uint8Array {
  if (result instanceof Uint8Array) return result;
  if (types.isAnyArrayBuffer(result)) return new Uint8Array(result);
  if (ArrayBuffer.isView(result)) return new Uint8Array(result.buffer, result.byteOffset, result.byteLength);
  throw new LaunchpoolError(
    'ERR_LAUNCHPOOL_RESULT_INVALID',
    `a raw handler must return a Uint8Array, and this one returned ${result === null ? 'null' : typeof result}`,
    { hint: 'Text becomes bytes with new TextEncoder().encode(text).' },
  );
}
