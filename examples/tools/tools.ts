/** Tools for an AI client: what it asks about folders of source text. `launchpool mcp` serves them. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { glob, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { requestSignal } from 'launchpool/handler';

export type Note = { file: string; line: number; text: string };

/**
 * Lists the comments that begin with TODO, FIXME or XXX below a folder.
 * @param folder the absolute path of the folder
 * @param pattern which files, as a glob
 * @mcp title: List open points
 * @mcp read-only, closed-world
 */
export async function* todos(folder: string, pattern = '**/*.{ts,tsx,js,mjs,py,go,rs,md}'): AsyncGenerator<Note, void> {
  for await (const file of glob(pattern, { cwd: folder, exclude: ['**/node_modules/**', '**/.git/**'] })) {
    requestSignal().throwIfAborted();
    for (const [index, text] of (await readFile(join(folder, file), 'utf8')).split('\n').entries())
      if (/\b(?:TODO|FIXME|XXX)\b/.test(text)) yield { file, line: index + 1, text: text.trim() };
  }
}

/**
 * Lists the largest files below a folder.
 * @param folder the absolute path of the folder
 * @param count how many
 * @mcp title: List large files
 * @mcp read-only, closed-world
 */
export async function largest(folder: string, count = 10): Promise<{ file: string; bytes: number }[]> {
  const files: { file: string; bytes: number }[] = [];
  for await (const file of glob('**', { cwd: folder, exclude: ['**/node_modules/**', '**/.git/**'] })) {
    const found = await stat(join(folder, file));
    if (found.isFile()) files.push({ file, bytes: found.size });
  }
  return files.sort((a, b) => b.bytes - a.bytes).slice(0, count);
}

/**
 * Computes the SHA-256 of a file.
 * @param file the absolute path of the file
 * @mcp title: Hash a file
 * @mcp read-only, idempotent, closed-world
 */
export async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(file)) hash.update(bytes);
  return hash.digest('hex');
}
