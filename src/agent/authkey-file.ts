/** The file of an authkey, which agents, their clients and installations read. */
import { closeSync, existsSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { shellWord } from '../../wire/shell-word.ts';
import { invalidOption } from '../options/parse-value.ts';

const MAKE_ONE = 'Make one with: (umask 077; openssl rand -hex 32 > FILE)';

/**
 * Reads the key: the content of the file, less one trailing newline.
 * @throws ERR_LAUNCHPOOL_OPTION_INVALID also when users besides its owner can read it: then it is no secret.
 */
export function readAuthkey(file: string): Buffer {
  let bytes: Buffer;
  let mode: number;
  try {
    ({ bytes, mode } = readWithMode(file));
  } catch (cause) {
    const why = existsSync(file) ? (cause as Error).message : 'there is no such file';
    throw invalidOption(`--authkey-file ${file}: ${why}`, MAKE_ONE, cause);
  }
  if ((mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(4, '0');
    throw invalidOption(
      `--authkey-file ${file}: others can read the key, of mode ${octal}`,
      `chmod 600 ${shellWord(file)}`,
    );
  }
  const key = bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
  if (key.length > 0) return key;
  throw invalidOption(`--authkey-file ${file}: the file is empty`, MAKE_ONE);
}

/** Both from one descriptor, so that they belong to the same file. */
function readWithMode(file: string): { bytes: Buffer; mode: number } {
  const fd = openSync(file, 'r');
  try {
    const stats = fstatSync(fd);
    // A pipe, such as the shell's <(…), belongs to this process alone.
    return { bytes: readFileSync(fd), mode: stats.isFile() ? stats.mode : 0 };
  } finally {
    closeSync(fd);
  }
}
