/** The second agent. */
export function shout(text: string): string {
  if (text.length > 100) throw new RangeError('too long to shout');
  return text.toUpperCase();
}
