/** The temporary folders of agents in tests. The file changes TMPDIR, which belongs to its process. */
import { chownSync, existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { makeTestFolder } from '../../../src/testing/test-folder.ts';
import { notTested } from '../../helpers/not-tested.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

async function ownTemp(t: ExecutionContext): Promise<string> {
  const folder = await tempDir(t);
  process.env.TMPDIR = folder;
  return folder;
}

function abandoned(above: string, name: string, hasOwner = true): string {
  const path = join(above, name);
  mkdirSync(path);
  if (hasOwner) writeFileSync(join(path, 'owner'), '');
  return path;
}

test.serial('a folder is for its user alone, and is removed once, with what is in it', async (t) => {
  const above = await ownTemp(t);
  const folder = makeTestFolder();
  t.is(join(folder.path, '..'), above);
  mkdirSync(join(folder.path, 'a', 'b'), { recursive: true });
  folder.remove();
  t.deepEqual(readdirSync(above), []);
  mkdirSync(folder.path);
  folder.remove();
  t.true(existsSync(folder.path));
});

test.serial('a folder that a dead owner has left is removed; that of a living one, and new ones, stay', async (t) => {
  const above = await ownTemp(t);
  const left = abandoned(above, 'launchpool-test-abcdef');
  const fresh = abandoned(above, 'launchpool-test-fresh0', false);
  const old = abandoned(above, 'launchpool-test-old000', false);
  utimesSync(old, 1, 1);
  const living = makeTestFolder();
  t.deepEqual([left, fresh, old, living.path].map(existsSync), [false, true, false, true]);
  living.remove();
  const next = makeTestFolder();
  t.true(existsSync(next.path));
  next.remove();
});

test.serial('what only has such a name stays: another folder, a file, a link to a folder', async (t) => {
  const above = await ownTemp(t);
  const target = abandoned(above, 'elsewhere');
  writeFileSync(join(above, 'launchpool-test-file00'), '');
  symlinkSync(target, join(above, 'launchpool-test-link00'));
  makeTestFolder().remove();
  t.deepEqual(readdirSync(above).sort(), ['elsewhere', 'launchpool-test-file00', 'launchpool-test-link00']);
  t.true(existsSync(join(target, 'owner')));
});

test.serial('the folder of another user stays', async (t) => {
  if (process.geteuid?.() !== 0) return notTested(t, 'only root can change the owner of files');
  const above = await ownTemp(t);
  const foreign = abandoned(above, 'launchpool-test-abcdef');
  chownSync(foreign, 12_345, 12_345);
  makeTestFolder().remove();
  t.true(existsSync(join(foreign, 'owner')));
});
