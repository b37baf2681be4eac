/** Holds all that looks into a payload to this: it never throws, and where two look for the same, both find the same. */
import { readControl } from '../../wire/control-frames.ts';
import { sniffEncoding } from '../../wire/encoding.ts';
import { LaunchpoolError, toPlain } from '../../wire/errors.ts';
import { scanIds } from '../../wire/id-scan.ts';
import { decodeRequests, encodeError, type RpcItem } from '../../wire/json-rpc.ts';
import { decodeResponses } from '../../wire/json-rpc-call.ts';

/** @returns what is wrong, or undefined. @throws what a parser throws and should not. */
export function checkPayload(payload: Buffer): string | undefined {
  const encoding = sniffEncoding(payload);
  const { batch, items } = decodeRequests(payload);
  const owed = scanIds(payload);
  const control = readControl(payload);
  checkResponses(payload);
  for (const item of items) {
    if (!('error' in item)) continue;
    if (!(item.error instanceof LaunchpoolError)) return `the fault is no LaunchpoolError: ${item.error}`;
    // What an agent would answer must be JSON.
    JSON.parse(encodeError(item.id, toPlain(item.error)));
  }
  for (const id of owed.ids) JSON.parse(id);
  if (control !== undefined && encoding !== 'json') return `a ${control.kind} is found in what is ${encoding}`;
  if (items.some((item) => 'error' in item)) return undefined;
  // It is JSON-RPC, so what was found without parsing must be what parsing finds.
  if (owed.batch !== batch) return `scanIds says batch: ${owed.batch}, decodeRequests: ${batch}`;
  const decoded = items.flatMap(idOf);
  const same = decoded.length === owed.ids.length && decoded.every((id, at) => sameId(id, owed.ids[at] as string));
  return same ? undefined : `scanIds finds ${brief(owed.ids)}, decodeRequests ${brief(decoded)}`;
}

function checkResponses(payload: Buffer): void {
  try {
    decodeResponses(payload);
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
