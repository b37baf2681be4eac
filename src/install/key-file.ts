/** The key of an agent that has none yet. */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { LaunchpoolError } from '../../wire/errors.ts';
import { readAuthkey } from '../agent/authkey-file.ts';
import type { JobOptions } from '../installed/job-options.ts';
import type { Undo } from './files.ts';

const KEY_BYTES = 32;
/** In hexadecimal digits, and a newline. */
export const KEY_FILE_BYTES: number = 2 * KEY_BYTES + 1;

/** The path at which a key is to be made; undefined when there is one, or none is asked for. */
export function missingKeyFile({ agent }: Pick<JobOptions, 'agent'>): string | undefined {
  const path = agent?.['authkey-file'];
  return typeof path === 'string' && !existsSync(path) ? path : undefined;
}

/**
 * Makes sure that the one that is there will do.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID
 */
export function checkKeyFile({ agent }: Pick<JobOptions, 'agent'>): void {
  const path = agent?.['authkey-file'];
  if (typeof path === 'string' && existsSync(path)) readAuthkey(path);
}

/** What the user should know of one that is to be made, if any is. */
export function keyFileNotes(path: string | undefined): string[] {
  return path === undefined
    ? []
    : [`a new key is made at ${path}; clients need it, and uninstall leaves it where it is`];
}

/**
 * Makes one that nobody else can read; never in the place of another one.
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
      `--authkey-file ${path}: no key can be made there: ${(cause as Error).message}`,
      { cause, hint: 'Choose a file in a folder of your own that is there.' },
    );
  }
}
