import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export async function answer() {
  const create = require('tesseract.js-core/tesseract-core-lstm.js');
  const core = await create();
  return [typeof core.TessBaseAPI, typeof core.FS];
}
