/**
 * How an agent takes leave of a client that understands it: it says how much it has run, so that the rest can be asked
 * of the next agent.
 *
 * Both sides make themselves known by something that others read past: a short frame in the long form, with the header
 * that is meant for 2 GiB and more. A client writes its first frame so, and thereby says that it understands; an agent
 * writes so nothing but its last frame, which is the notice. To a client that has not said so it writes none.
 */
import { LONG_HEADER_BYTES } from './frame.ts';

/** JSON-RPC 2.0's form of a message that wants no answer, with a name that is no method's. */
const METHOD = '$/closing';
/** The notice is far shorter. */
const MAX_BYTES = 1024;

/** Whether the frame that stands at the start of `run` is in the long form. */
export function isLongForm(run: Buffer): boolean {
  return run.readInt32BE(0) === -1;
}

/** The header of the long form, whatever the length. */
export function longHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(LONG_HEADER_BYTES);
  header.writeBigUInt64BE(BigInt(length), header.writeInt32BE(-1, 0));
  return header;
}

/** The notice, framed. @param run how many frames of this connection, from its first one on, have been run. */
export function encodeClosing(run: number): Buffer {
  const payload = Buffer.from(JSON.stringify({ jsonrpc: '2.0', method: METHOD, params: { run } }));
  return Buffer.concat([longHeader(payload.length), payload]);
}

/** @returns how many frames have been run, or undefined when the frame, which is whole, is no notice. */
export function decodeClosing(frame: Buffer): number | undefined {
  if (!isLongForm(frame) || frame.length > LONG_HEADER_BYTES + MAX_BYTES) return undefined;
  try {
    const { method, params } = JSON.parse(frame.toString('utf8', LONG_HEADER_BYTES));
    return method === METHOD && Number.isSafeInteger(params?.run) && params.run >= 0 ? params.run : undefined;
  } catch {
    return undefined;
  }
}
