/** What a value is, in the words of an error. */

/** Of a text. */
const MAX_TEXT = 60;

/** Such as `"text"`, `an array of 3`, `nothing`. */
export function foundText(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string')
    return JSON.stringify(value.length > MAX_TEXT ? `${value.slice(0, MAX_TEXT)}…` : value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : `an array of ${value.length}`;
  if (typeof value === 'bigint') return `the BigInt ${value}`;
  if (typeof value !== 'object' || value === null) return String(value);
  const isNative = [Date, Map, Set, Uint8Array].find((type) => value instanceof type);
  return isNative === undefined ? 'an object' : `a ${isNative.name}`;
}
