/** A list of faults that keeps the first ones and counts the others. */

/** More faults add no information. */
const MAX_FAULTS = 50;

export type FaultList = { add(fault: string): void; list(): string[] };

export function createFaultList(): FaultList {
  const faults: string[] = [];
  let omitted = 0;
  return {
    add(fault) {
      if (faults.length < MAX_FAULTS) faults.push(fault);
      else omitted += 1;
    },
    list: () => (omitted === 0 ? [...faults] : [...faults, `and ${omitted} more`]),
  };
}
