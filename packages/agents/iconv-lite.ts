import iconv from 'iconv-lite';
export const answer = () => [iconv.decode(Buffer.from([0x82, 0xa0]), 'shift_jis'), iconv.encodingExists('win1252')];
