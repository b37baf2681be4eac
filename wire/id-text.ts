/** Ids as the JSON text that was sent: 1e400 or 2^63 would not survive as numbers. */

export type IdText = string;

export const NULL_ID: IdText = 'null';

/** An id that becomes a whole number only by rounding. */
const FRACTIONAL_ID = /"id"\s*:\s*-?\d*[.eE]/;

/** Returns the text of the id of the request at an index of the batch. */
export type IdWriter = (id: string | number | null, index: number) => IdText;

/** Looks numbers up in the source that a double does not hold exactly, which costs one second parse of it. */
export function idWriter(source: string): IdWriter {
  let hasFractions: boolean | undefined;
  let texts: ReadonlyMap<number, IdText> | undefined;
  return (id, index) => {
    if (typeof id !== 'number') return JSON.stringify(id);
    // One test serves all ids of a batch.
    hasFractions ??= FRACTIONAL_ID.test(source);
    // String() turns -0 into 0.
    if (Number.isSafeInteger(id) && !Object.is(id, -0) && !hasFractions) return String(id);
    texts ??= idTextsOf(source);
    return texts.get(index) ?? JSON.stringify(id);
  };
}

/** The source of each id, by the index of its request in the batch. */
function idTextsOf(source: string): Map<number, IdText> {
  const byHolder = new Map<unknown, IdText>();
  // The third argument is in V8 since Node 21 (https://github.com/tc39/proposal-json-parse-with-source).
  function note(this: object, key: string, value: unknown, context?: { source?: string }): unknown {
    if (key === 'id' && context?.source !== undefined) byHolder.set(this, context.source);
    return value;
  }
  const texts = new Map<number, IdText>();
  try {
    const root: unknown = JSON.parse(source, note as Parameters<typeof JSON.parse>[1]);
    for (const [index, holder] of (Array.isArray(root) ? root : [root]).entries()) {
      const text = byHolder.get(holder);
      if (text !== undefined) texts.set(index, text);
    }
  } catch {
    // The reviver recurses: a frame that is nested deeply enough gets here, and its id comes back rounded.
  }
  return texts;
}
