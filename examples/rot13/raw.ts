/** py-launchd's sample as a raw agent: one message in, the same in ROT13 out. */

export default function rot13(message: Uint8Array): Uint8Array {
  return message.map(turn);
}

/** Rotates an ASCII letter by 13 places; leaves every other byte, such as those of UTF-8, unchanged. */
function turn(byte: number): number {
  const letter = byte | 0x20;
  if (letter < 0x61 || letter > 0x7a) return byte;
  return letter < 0x6e ? byte + 13 : byte - 13;
}
