import sharp from 'sharp';
export async function answer() {
  const png = await sharp({ create: { width: 8, height: 4, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
  const { width, height, format } = await sharp(png).metadata();
  return [width, height, format];
}
