/** ROT13 of a byte, for every byte. */
export const ROT13_TABLE: Uint8Array = Uint8Array.from({ length: 256 }, (_unused, byte) => {
  const letter = byte | 0x20;
  if (letter < 0x61 || letter > 0x7a) return byte;
  return letter < 0x6e ? byte + 13 : byte - 13;
});
