/** Runs a raw agent's handler: one message in, one out. */
import { types } from 'node:util';
import { LaunchpoolError, type PlainError, toPlain } from '../wire/errors.ts';
import { encodeFrame } from '../wire/frame.ts';
import type { RawHandler } from './handlers.ts';
import type { Outcome } from './task.ts';

/** Never throws: what the handler throws is the outcome's `failure`. */
export async function runRaw(handle: RawHandler, request: Uint8Array): Promise<Outcome> {
  try {
    return { kind: 'raw', reply: encodeFrame(bytesOf(await handle(request))) };
  } catch (thrown) {
    return { kind: 'raw', failure: withStack(thrown) };
  }
}

/** A raw failure goes to the agent's own log and never to the caller, so the stack may go along. */
function withStack(thrown: unknown): PlainError {
  const plain = toPlain(thrown, { stack: true });
  try {
    return structuredClone(plain);
  } catch {
    // `data` is the handler's own and may hold what cannot leave its thread.
    const { data: _left, ...rest } = plain;
    return rest;
  }
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
