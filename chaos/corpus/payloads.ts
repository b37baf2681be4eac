/** Checks the functions that read payloads: they never throw, and two functions that read the same thing agree. */
import { readControl } from '../../wire/control-frames.ts';
import { sniffEncoding } from '../../wire/encoding.ts';
import { LaunchpoolError, toPlain } from '../../wire/errors.ts';
import { scanIds } from '../../wire/id-scan.ts';
import { decodeRequests, encodeError, type RpcItem } from '../../wire/json-rpc.ts';
import { decodeReplies } from '../../wire/json-rpc-call.ts';

/** @returns a fault, or undefined. @throws an error of a parser that is not a LaunchpoolError. */
export function checkPayload(payload: Buffer): string | undefined {
  const encoding = sniffEncoding(payload);
  const { batch, items } = decodeRequests(payload);
  const scanned = scanIds(payload);
  const control = readControl(payload);
  checkResponses(payload);
  for (const item of items) {
    if (!('error' in item)) continue;
    if (!(item.error instanceof LaunchpoolError)) return `the error is not a LaunchpoolError: ${item.error}`;
    // The agent's error reply must be JSON.
    JSON.parse(encodeError(item.id, toPlain(item.error)));
  }
  for (const id of scanned.ids) JSON.parse(id);
  if (control !== undefined && encoding !== 'json')
    return `found a ${control.kind} in a payload of encoding ${encoding}`;
  if (items.some((item) => 'error' in item)) return undefined;
  // The payload is JSON-RPC, so the scan without parsing must agree with the parser.
  if (scanned.batch !== batch) return `scanIds says batch: ${scanned.batch}, decodeRequests: ${batch}`;
  const decoded = items.flatMap(idOf);
  const same =
    decoded.length === scanned.ids.length && decoded.every((id, at) => sameId(id, scanned.ids[at] as string));
  return same ? undefined : `scanIds finds ${brief(scanned.ids)}, decodeRequests ${brief(decoded)}`;
}

function checkResponses(payload: Buffer): void {
  try {
    decodeReplies(payload);
  } catch (error) {
    if (!(error instanceof LaunchpoolError)) throw error;
  }
}

function idOf(item: RpcItem): string[] {
  return item.id === undefined ? [] : [item.id];
}

function sameId(one: string, other: string): boolean {
  return Object.is(JSON.parse(one), JSON.parse(other));
}

function brief(ids: readonly string[]): string {
  return JSON.stringify(ids).slice(0, 200);
}
