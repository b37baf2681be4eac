/** Key files: what is read of them, and which are refused. */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { readAuthkey } from '../../../src/agent/authkey-file.ts';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const INVALID = { code: 'ERR_LAUNCHPOOL_OPTION_INVALID' };

test('a key file loses one trailing newline and nothing else', async (t) => {
  const folder = await tempDir(t);
  const keyOf = (content: string): string => {
    writeFileSync(`${folder}/key`, content, { mode: 0o600 });
    return readAuthkey(`${folder}/key`).toString('latin1');
  };
  t.is(keyOf('k'), 'k');
  t.is(keyOf('k\n'), 'k');
  t.is(keyOf('k\n\n'), 'k\n');
  t.is(keyOf(' k\r\n'), ' k\r');
  t.throws(() => keyOf('\n'), { ...INVALID, message: /empty/ });
});

test('a key file that does not exist is refused by its path, and the hint makes one', async (t) => {
  const path = join(await tempDir(t), 'none');
  const error = t.throws(() => readAuthkey(path), INVALID) as LaunchpoolError;
  t.is(error.message, `--authkey-file ${path}: there is no such file`);
  t.regex(String(error.hint), /openssl rand/);
});

for (const mode of [0o640, 0o604, 0o660, 0o666, 0o601]) {
  test(`a key file of mode ${mode.toString(8)} is refused`, async (t) => {
    const key = join(await tempDir(t), 'key');
    writeFileSync(key, 'secret');
    chmodSync(key, mode);
    const error = t.throws<LaunchpoolError>(() => readAuthkey(key), INVALID);
    t.regex(error.message, new RegExp(`0${mode.toString(8)}`));
    t.is(error.hint, `chmod 600 ${key}`);
    chmodSync(key, 0o400);
    t.is(readAuthkey(key).toString(), 'secret');
  });
}
