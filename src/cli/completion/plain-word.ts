/** A word of a command line as it is typed, without its quotes and backslashes. The last quote may be open. */
export function plainWord(typed: string): string {
  return typed.replace(
    /'([^']*)(?:'|$)|"((?:[^"\\]|\\.)*)(?:"|\\?$)|\\(.)|\\$/gs,
    (_, single: string | undefined, double: string | undefined, escaped: string | undefined) =>
      single ?? double?.replace(/\\([$`"\\])/g, '$1') ?? escaped ?? '',
  );
}
