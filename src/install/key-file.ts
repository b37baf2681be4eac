/** The key file of an agent: made at the installation if it is missing. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { LaunchpoolError } from '../../wire/errors.ts';
import { readAuthkey } from '../agent/authkey-file.ts';
import type { JobOptions } from '../installed/job-options.ts';
import type { Undo } from './files.ts';

const KEY_BYTES = 32;
/** Hexadecimal digits and a newline. */
export const KEY_FILE_BYTES: number = 2 * KEY_BYTES + 1;

/** The path at which a key has to be made; undefined if there is a key, or none is asked for. */
export function missingKeyFile({ agent }: Pick<JobOptions, 'agent'>): string | undefined {
  const path = agent?.['authkey-file'];
  return typeof path === 'string' && !existsSync(path) ? path : undefined;
}

/**
 * Checks an existing key file.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID
 */
export function checkKeyFile({ agent }: Pick<JobOptions, 'agent'>): void {
  const path = agent?.['authkey-file'];
  if (typeof path === 'string' && existsSync(path)) readAuthkey(path);
}

/** The path of the key, for clients. */
export function keyOf({ agent }: Pick<JobOptions, 'agent'>): { authkeyFile?: string } {
  const path = agent?.['authkey-file'];
  return typeof path === 'string' ? { authkeyFile: path } : {};
}

/** Notes for the user about a key that has to be made. */
export function keyFileNotes(path: string | undefined): string[] {
  return path === undefined ? [] : [`A new key is made at ${path}. Clients need it, and uninstall does not remove it.`];
}

/**
 * Makes a key that only its owner can read. Never replaces a file.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID
 */
export async function makeKeyFile(path: string, undo: Undo): Promise<void> {
  try {
    const file = await open(path, 'wx', 0o600);
    undo(() => rm(path, { force: true }));
    try {
      await file.writeFile(`${randomBytes(KEY_BYTES).toString('hex')}\n`);
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new LaunchpoolError(
      'ERR_LAUNCHPOOL_OPTION_INVALID',
      `--authkey-file ${path}: cannot make a key: ${(cause as Error).message}`,
      { cause, hint: 'Choose a path in an existing folder that you can write to.' },
    );
  }
}
