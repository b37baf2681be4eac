/** ROT13 of a frame's text; the header stays unchanged. */
function rot13Frame(frame: Uint8Array): Uint8Array {
  return frame.map((byte, index) => {
    const lower = byte | 0x20;
    if (index < 4 || lower < 0x61 || lower > 0x7a) return byte;
    return lower < 0x6e ? byte + 13 : byte - 13;
  });
}

module.exports = { rot13Frame };
