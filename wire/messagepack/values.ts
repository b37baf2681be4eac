/** Values in MessagePack by a codec that is loaded late, with the errors of launchpool. */
import { type ErrorCode, LaunchpoolError, toPlain } from '../errors.ts';
import type { NotPackable } from './packable.ts';
import type { Unreadable } from './validate.ts';
import type { Packed } from './write.ts';

export type Codec = Pick<typeof import('./codec.ts'), 'pack' | 'unpack'>;

/**
 * @param what the value is, for the error: "result".
 * @throws LaunchpoolError with the code, for a value that MessagePack does not carry.
 */
export function packValue(codec: Pick<Codec, 'pack'>, value: unknown, what: string, code: ErrorCode): Packed {
  try {
    return codec.pack(value);
  } catch (thrown) {
    const { what: found, path = '' } = Object(thrown) as Partial<NotPackable>;
    const reason =
      found === undefined
        ? `cannot be written: ${toPlain(thrown).message}`
        : `has ${found}${path === '' ? '' : ` at ${path}`}, which has no form in MessagePack`;
    throw new LaunchpoolError(code, `the ${what} ${reason}`);
  }
}

/**
 * @param bytes the memory of each Uint8Array in the value.
 * @param what the bytes are, for the error: "request".
 * @throws ERR_LAUNCHPOOL_PARSE, ERR_LAUNCHPOOL_ENCODING
 */
export function unpackValue(codec: Codec, bytes: Uint8Array, what: string): unknown {
  try {
    return codec.unpack(bytes);
  } catch (thrown) {
    const { fault } = Object(thrown) as Partial<Unreadable>;
    const { message } = toPlain(thrown);
    if (fault?.isLegal)
      throw new LaunchpoolError('ERR_LAUNCHPOOL_ENCODING', `the ${what} has MessagePack that is not read: ${message}`);
    throw new LaunchpoolError('ERR_LAUNCHPOOL_PARSE', `the ${what} is not MessagePack: ${message}`);
  }
}
