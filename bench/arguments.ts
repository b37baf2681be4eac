/** Parses the values of arguments. */

export function listOf(text: string): string[] {
  return text.split(',').filter((each) => each !== '');
}

export function numberOf(text: string, flag: string): number {
  const number = Number(text);
  if (text.trim() === '' || !(number > 0)) throw new Error(`${flag} ${text}: not a number above zero`);
  return number;
}

export function wholeOf(text: string, flag: string): number {
  const number = numberOf(text, flag);
  if (!Number.isInteger(number)) throw new Error(`${flag} ${text}: not a whole number`);
  return number;
}

export function notNegativeOf(text: string, flag: string): number {
  const number = Number(text);
  if (text.trim() === '' || !(number >= 0) || number === Number.POSITIVE_INFINITY) {
    throw new Error(`${flag} ${text}: not a number from 0 on`);
  }
  return number;
}
