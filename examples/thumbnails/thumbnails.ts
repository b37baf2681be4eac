/** Makes thumbnails with sharp: of one picture as bytes in and bytes out, or of all pictures in a folder. */
import { mkdir, readdir } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { progress, requestSignal } from 'launchpool/handler';
import sharp, { type Sharp } from 'sharp';

/** Agents have a pool of threads already. */
export function setup(): void {
  sharp.concurrency(1);
}

const PICTURES = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.avif', '.tif', '.tiff', '.svg']);

/**
 * Makes a thumbnail.
 * @param picture the bytes of a picture, in any format that sharp reads
 * @param size the greatest width and height, in pixels
 * @returns the bytes of a WebP picture
 */
export async function thumbnail(picture: Uint8Array, size = 256): Promise<Uint8Array> {
  return resized(picture, size).toBuffer();
}

export type Made = { file: string; width: number; height: number; bytes: number };

/**
 * Makes a thumbnail of each picture in a folder, and reports its progress.
 * @param from the absolute path of the folder
 * @param into the absolute path of the folder of the thumbnails, which is made if need be
 * @param size the greatest width and height, in pixels
 * @returns the number of thumbnails
 */
export async function* folder(from: string, into: string, size = 256): AsyncGenerator<Made, number> {
  const names = (await readdir(from)).filter((name) => PICTURES.has(parse(name).ext.toLowerCase())).sort();
  await mkdir(into, { recursive: true });
  for (const [done, name] of names.entries()) {
    requestSignal().throwIfAborted();
    progress(done, names.length, name);
    const file = join(into, `${parse(name).name}.webp`);
    const { width, height, size: bytes } = await resized(join(from, name), size).toFile(file);
    yield { file, width, height, bytes };
  }
  progress(names.length, names.length);
  return names.length;
}

function resized(picture: Uint8Array | string, size: number): Sharp {
  return sharp(picture).autoOrient().resize(size, size, { fit: 'inside', withoutEnlargement: true }).webp();
}
