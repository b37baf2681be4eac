/**
 * The closing notice: an agent tells a client how many of its frames have run, so that the client can send the rest to the
 * next agent.
 *
 * Each side announces itself by a form that others ignore: a short frame in the long form, with the header that is meant
 * for 2 GiB and more. A client that understands the notice writes its first frame so. An agent writes only its last frame
 * so, which is the notice, and only to clients that have announced themselves.
 */
import { LONG_HEADER_BYTES } from './frame.ts';

/** A notification of JSON-RPC 2.0, with a name that no method has. */
const METHOD = '$/closing';
/** The notice is far shorter than this. */
const MAX_BYTES = 1024;

/** Whether the frame at the start of `run` is in the long form. */
export function isLongForm(run: Buffer): boolean {
  return run.readInt32BE(0) === -1;
}

/** The header of the long form, for any length. */
export function longHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(LONG_HEADER_BYTES);
  header.writeBigUInt64BE(BigInt(length), header.writeInt32BE(-1, 0));
  return header;
}

/** The notice, framed. @param run how many frames of this connection, from its first one on, have run. */
export function encodeClosing(run: number): Buffer {
  const payload = Buffer.from(JSON.stringify({ jsonrpc: '2.0', method: METHOD, params: { run } }));
  return Buffer.concat([longHeader(payload.length), payload]);
}

/** @returns how many frames have run, or undefined when the frame, which must be whole, is not a notice. */
export function decodeClosing(frame: Buffer): number | undefined {
  if (!isLongForm(frame) || frame.length > LONG_HEADER_BYTES + MAX_BYTES) return undefined;
  try {
    const { method, params } = JSON.parse(frame.toString('utf8', LONG_HEADER_BYTES));
    return method === METHOD && Number.isSafeInteger(params?.run) && params.run >= 0 ? params.run : undefined;
  } catch {
    return undefined;
  }
}
