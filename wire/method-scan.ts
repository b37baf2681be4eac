/** Finds the methods that a frame calls, without parsing. */
import { isReadable } from './encoding.ts';
import { type PayloadScan, scanOf } from './payload-scan.ts';

/** A longer text is no name of an export. */
const MAX_NAME_BYTES = 1024;

/** Visits the method of each request in a frame, which may be a batch. Never throws. */
export function scanMethods(payload: Buffer, visit: (method: string) => void): void {
  if (!isReadable(payload)) return;
  const scan = scanOf(payload);
  const start = scan.start(payload);
  const visitRequest = (at: number): number => scanMethod(scan, payload, at, visit);
  if (scan.isBatch(payload, start)) scan.items(payload, start, visitRequest);
  else visitRequest(start);
}

/** Returns the index behind the request. */
function scanMethod(scan: PayloadScan, payload: Buffer, at: number, visit: (method: string) => void): number {
  let [from, to] = [0, 0];
  const end = scan.members(payload, at, (keyStart, keyEnd, valueStart, valueEnd) => {
    // The last of several equal keys counts, as in JSON.parse.
    if (scan.isText(payload, keyStart, keyEnd, 'method')) [from, to] = [valueStart, valueEnd];
  });
  const method = to - from > MAX_NAME_BYTES ? undefined : scan.text(payload, from, to);
  if (method !== undefined) visit(method);
  return end;
}
