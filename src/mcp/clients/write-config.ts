/** Writes a server to the configuration file of a client, after a copy of the file. */
import { copyFileSync, mkdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { LaunchpoolError } from '../../../wire/errors.ts';
import type { ClientFile } from './client-files.ts';
import { jsonText, mergedJson, serverInJson } from './json-config.ts';
import type { ServerEntry } from './server-entry.ts';
import { mergedToml, serverInToml, tomlText } from './toml-config.ts';

export type WrittenConfig = {
  path: string;
  /** Whether the file has changed. */
  changed: boolean;
  /** The path of the copy of the file as it was. Undefined if there was none, or nothing has changed. */
  backup?: string;
};

/** What a file without other servers has. */
export function configText(entry: ServerEntry, file: ClientFile): string {
  return file.format === 'toml' ? tomlText(entry, file) : jsonText(entry, file);
}

/**
 * @param labels of the agents; a server of that name with other agents is not replaced.
 * @throws ERR_LAUNCHPOOL_CLIENT_CONFIG
 */
export async function writeConfig(
  entry: ServerEntry,
  file: ClientFile,
  labels: readonly string[],
  now: Date = new Date(),
): Promise<WrittenConfig> {
  const before = readText(file.path);
  const text = merged(before ?? '', entry, file, labels);
  if (text === before) return { path: file.path, changed: false };
  // A link stays one: its target is what is written.
  const path = before === undefined ? file.path : realpathSync(file.path);
  const backup = before === undefined ? undefined : `${path}.before-launchpool-${stampOf(now)}`;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (backup !== undefined) copyFileSync(path, backup);
  // Configurations of clients may have keys of other servers.
  const mode = before === undefined ? 0o600 : statSync(path).mode & 0o777;
  await writeFileAtomic(path, text, { mode });
  return { path: file.path, changed: true, ...(backup !== undefined && { backup }) };
}

function merged(text: string, entry: ServerEntry, file: ClientFile, labels: readonly string[]): string {
  try {
    const isToml = file.format === 'toml';
    const found = isToml ? serverInToml(text, file, entry.name) : serverInJson(text, file, entry.name);
    if (found !== undefined && !isFor(labels, found)) throw otherServer(entry.name, file);
    return isToml ? mergedToml(text, entry, file) : mergedJson(text, entry, file);
  } catch (error) {
    if (error instanceof LaunchpoolError) throw error;
    throw new LaunchpoolError(
      'ERR_LAUNCHPOOL_CLIENT_CONFIG',
      `${file.path} cannot be changed: ${(error as Error).message}`,
      { cause: error, hint: 'Correct the file, or add by hand what the command prints without --write.' },
    );
  }
}

/** Whether an entry starts the bridge for these agents. */
function isFor(labels: readonly string[], found: unknown): boolean {
  const text = typeof found === 'string' ? found : JSON.stringify(found);
  return ['mcp', ...labels].every((word) => text.includes(JSON.stringify(word)));
}

function otherServer(name: string, { path }: ClientFile): LaunchpoolError {
  return new LaunchpoolError('ERR_LAUNCHPOOL_CLIENT_CONFIG', `${path} has another server with the name ${name}`, {
    hint: 'Choose another name: --name NAME.',
  });
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new LaunchpoolError('ERR_LAUNCHPOOL_CLIENT_CONFIG', `${path} cannot be read: ${(error as Error).message}`, {
      cause: error,
      hint: 'Correct its owner and its mode.',
    });
  }
}

/** Such as 20260131T120000Z. */
function stampOf(now: Date): string {
  return now.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}
