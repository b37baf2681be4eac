/**
 * The patterns of schemas, in a form whose search takes no longer than the text. As it stands, the pattern of a template literal
 * type, such as `^[\s\S]*-[\s\S]*-[\s\S]*$`, has each of its parts try every place: a caller could keep a thread busy for
 * minutes with one text.
 */

const ANY_TEXT = String.raw`[\s\S]*`;
/** Characters that stand for themselves, or are escaped. */
const LITERAL = /^(?:[^\\^$.*+?()[\]{}|]|\\[\\^$.*+?()[\]{}|/])*$/;

/** Longer texts pass a pattern that may be slow. */
export const MAX_SLOW_TEXT = 1_000;

export type SearchPattern = {
  /** For a regular expression with the flag `u`. */
  source: string;
  /** Whether its search may take much longer than the text, so that {@link MAX_SLOW_TEXT} counts. */
  maybeSlow: boolean;
};

export function searchPattern(pattern: string): SearchPattern {
  const linear = linearPattern(pattern);
  if (linear !== undefined) return { source: linear, maybeSlow: false };
  return { source: pattern, maybeSlow: pattern.split(ANY_TEXT).length > 2 };
}

export function passesPattern(pattern: string, text: string): boolean {
  const { source, maybeSlow } = searchPattern(pattern);
  return (maybeSlow && text.length > MAX_SLOW_TEXT) || new RegExp(source, 'u').test(text);
}

/**
 * For literal texts between parts that pass any text, the first place of each literal is as good as every other one: a
 * lookahead takes it, and is not tried again.
 * @returns undefined for a pattern of another form.
 */
function linearPattern(pattern: string): string | undefined {
  if (!pattern.startsWith('^') || !pattern.endsWith('$')) return undefined;
  const texts = pattern.slice(1, -1).split(ANY_TEXT);
  if (!texts.every((text) => LITERAL.test(text))) return undefined;
  const [first = '', ...others] = texts;
  const last = others.pop();
  if (last === undefined) return pattern;
  const found = others
    .filter((text) => text !== '')
    // Named, since a digit behind the reference by a number would be part of the number.
    .map((text, index) => `(?=(?<p${index}>[\\s\\S]*?${text}))\\k<p${index}>`)
    .join('');
  return `^${first}${found}${ANY_TEXT}${last}$`;
}
