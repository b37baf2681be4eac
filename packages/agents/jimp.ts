import { Jimp } from 'jimp';
export const answer = async () => {
  const i = new Jimp({ width: 4, height: 2, color: 0xff0000ff });
  return [(await i.getBuffer('image/png')).length > 50, i.width];
};
