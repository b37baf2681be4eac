import { createCanvas } from '@napi-rs/canvas';
export const answer = () => {
  const c = createCanvas(4, 4);
  const x = c.getContext('2d');
  x.fillStyle = '#f00';
  x.fillRect(0, 0, 4, 4);
  return [...x.getImageData(1, 1, 1, 1).data];
};
