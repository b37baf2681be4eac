/** Returns the text itself: only its transport, and the parsing of the request, remain. */

export function echo(text: string): string {
  return text;
}
