/** Full-text search in the Markdown files of folders, in a database of SQLite that outlives the agent. */
import { mkdirSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { progress } from 'launchpool/handler';

const FILE = process.env.LOOKUP_DATABASE ?? join(homedir(), '.local', 'share', 'launchpool-lookup', 'lookup.db');

let database: DatabaseSync;

/** Opens the database: once on each thread. */
export function setup(): void {
  mkdirSync(dirname(FILE), { recursive: true });
  database = new DatabaseSync(FILE, { timeout: 5000 });
  database.exec(`
    PRAGMA journal_mode = wal;
    CREATE VIRTUAL TABLE IF NOT EXISTS notes USING fts5 (file UNINDEXED, text, tokenize = 'porter unicode61');
  `);
}

/** Closes it, before the thread ends. */
export function teardown(): void {
  database.close();
}

/**
 * Reads all Markdown files below a folder, in place of what was read of it before.
 * @param folder an absolute path
 * @returns the number of files
 */
export async function read(folder: string): Promise<number> {
  const files: { file: string; text: string }[] = [];
  for await (const name of glob('**/*.md', { cwd: folder, exclude: ['**/node_modules/**'] })) {
    files.push({ file: join(folder, name), text: await readFile(join(folder, name), 'utf8') });
    progress(files.length, undefined, name);
  }
  database.exec('BEGIN IMMEDIATE');
  database.prepare('DELETE FROM notes WHERE substr(file, 1, length(?1)) = ?1').run(join(folder, '/'));
  const insert = database.prepare('INSERT INTO notes (file, text) VALUES (?, ?)');
  for (const { file, text } of files) insert.run(file, text);
  database.exec('COMMIT');
  return files.length;
}

export type Hit = { file: string; excerpt: string };

/**
 * Finds files, the best first, as fast as the caller reads.
 * @param words a query of FTS5, such as `idle AND socket`
 */
export function* search(words: string): Generator<Hit, void> {
  // A statement of its own: requests of one thread read at the same time.
  const query = database.prepare(
    "SELECT file, snippet(notes, 1, '[', ']', ' … ', 12) AS excerpt FROM notes WHERE notes MATCH ? ORDER BY rank",
  );
  for (const { file, excerpt } of query.iterate(words)) yield { file: String(file), excerpt: String(excerpt) };
}
