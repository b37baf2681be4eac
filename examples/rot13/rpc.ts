/** py-launchd's sample as an RPC agent: every exported function is a method. */

/** @returns the text with its ASCII letters rotated by 13 places. */
export function rot13(text: string): string {
  return text.replace(/[a-z]/gi, (letter) => {
    const code = letter.charCodeAt(0);
    return String.fromCharCode((code | 0x20) < 0x6e ? code + 13 : code - 13);
  });
}
