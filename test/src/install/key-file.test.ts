/** The key that an installation makes if it is missing. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { connectRpc } from '../../../src/client/rpc.ts';
import { dryRun } from '../../../src/install/dry-run.ts';
import { makeKeyFile, missingKeyFile } from '../../../src/install/key-file.ts';
import { createInstallBench, moduleOf } from '../../helpers/install-bench.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

test('a key is 32 random bytes in hexadecimal digits, readable for its owner only, with any umask', async (t) => {
  const [one, other] = [join(await tempDir(t), 'key'), join(await tempDir(t), 'key')];
  const umask = process.umask(0);
  await makeKeyFile(one, () => undefined).finally(() => process.umask(umask));
  await makeKeyFile(other, () => undefined);
  t.is(statSync(one).mode & 0o777, 0o600);
  t.regex(readFileSync(one, 'utf8'), /^[0-9a-f]{64}\n$/);
  t.not(readFileSync(one, 'utf8'), readFileSync(other, 'utf8'));
});

test('an existing file is never replaced, and not removed by undoing', async (t) => {
  const path = join(await tempDir(t), 'key');
  await writeFile(path, 'mine', { mode: 0o600 });
  const undone: (() => Promise<void>)[] = [];
  await t.throwsAsync(
    makeKeyFile(path, (action) => undone.push(action)),
    { code: 'ERR_LAUNCHPOOL_OPTION_INVALID', message: /EEXIST/ },
  );
  t.deepEqual(undone, []);
  t.is(readFileSync(path, 'utf8'), 'mine');
});

test('a key is missing only if one is asked for', async (t) => {
  const path = join(await tempDir(t), 'key');
  t.is(missingKeyFile({}), undefined);
  t.is(missingKeyFile({ agent: { idle: 3 } }), undefined);
  t.is(missingKeyFile({ agent: { 'authkey-file': path } }), path);
  await writeFile(path, 'mine', { mode: 0o600 });
  t.is(missingKeyFile({ agent: { 'authkey-file': path } }), undefined);
});

test('an installation makes the key with a note, and the agent requires it; a dry run only has the note', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const path = join(await tempDir(t), 'key');
  const agent = { 'authkey-file': path, 'handshake-timeout': 60 };
  const { notes, files } = await dryRun({ ...bench.options, agent });
  t.true(notes.some((note) => note.includes(path)));
  t.like(
    files.find((file) => file.path === path),
    { status: 'new', bytes: 65 },
  );
  t.false(existsSync(path));

  const installed = await bench.install({ agent });
  t.true(installed.notes.some((note) => note.includes(path)));
  const key = readFileSync(path, 'utf8');
  const client = await connectRpc(installed.socket, { authkey: key.trimEnd() });
  t.is(await client.call('version', []), 1);
  client.close();
  const refused = await connectRpc(installed.socket);
  await t.throwsAsync(refused.call('version', []), { code: 'ERR_LAUNCHPOOL_AUTH_REQUIRED' });

  // An existing key stays.
  const again = await bench.install({ agent });
  t.is(again.outcome, 'unchanged');
  t.false(again.notes.some((note) => note.includes(path)));
  t.is(readFileSync(path, 'utf8'), key);
});

test('of two concurrent first installations, the first makes the key, and the second uses it', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const path = join(await tempDir(t), 'key');
  const agent = { 'authkey-file': path };
  const both = await Promise.all([bench.install({ agent }), bench.install({ agent })]);
  t.deepEqual(both.map(({ outcome }) => outcome).sort(), ['installed', 'unchanged']);
  t.is(both.flatMap(({ notes }) => notes).filter((note) => note.includes(path)).length, 1);
});

test('an installation that fails leaves no key', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const path = join(await tempDir(t), 'key');
  // The embedded holder has no TCP address: the installation fails after it has made the key.
  await bench.write(moduleOf(1));
  await bench.failure(t, { tcp: '127.0.0.1:1', agent: { 'authkey-file': path } });
  t.false(existsSync(path));
});
