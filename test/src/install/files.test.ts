/** Files and links are written, and restored by undoing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  hasText,
  makeFolder,
  missingFolders,
  pointTo,
  removeEmptyFolders,
  removeTree,
  writeText,
} from '../../../src/install/files.ts';
import { linkTargetOf } from '../../../src/installed/read-optional.ts';
import { tempDir } from '../../helpers/temp-dir.ts';
import { treeOf } from '../../helpers/tree.ts';

type Bench = { folder: string; undo(action: () => Promise<void>): void; undoAll(): Promise<void> };

async function createBench(t: ExecutionContext): Promise<Bench> {
  const actions: (() => Promise<void>)[] = [];
  return {
    folder: await tempDir(t),
    undo: (action) => void actions.push(action),
    async undoAll() {
      for (const action of actions.splice(0).reverse()) await action();
    },
  };
}

test('a folder is made with its parents, private to the user, and undone if it is empty', async (t) => {
  const { folder, undo, undoAll } = await createBench(t);
  const path = join(folder, 'a/b/c');
  t.deepEqual(
    await makeFolder(path, undo),
    ['a', 'a/b', 'a/b/c'].map((name) => join(folder, name)),
  );
  t.is(statSync(path).mode & 0o777, 0o700);
  t.deepEqual(await makeFolder(path, undo), []);
  await writeFile(join(folder, 'a/mine'), '');
  await undoAll();
  t.deepEqual(readdirSync(folder, { recursive: true }).sort(), ['a', 'a/mine']);
});

test('making a folder fails with the error of the path that blocks it', async (t) => {
  const { folder, undo } = await createBench(t);
  await writeFile(join(folder, 'file'), '');
  await t.throwsAsync(makeFolder(join(folder, 'file/b'), undo), { code: 'ENOTDIR' });
  await t.throwsAsync(makeFolder(join(folder, 'file'), undo), { code: 'EEXIST' });
  await symlink(join(folder, 'nowhere'), join(folder, 'link'));
  await t.throwsAsync(makeFolder(join(folder, 'link/b'), undo));
});

for (const names of [
  ['a', 'a/b', 'a/b/c', 'missing', 'full'],
  ['full', 'a/b/c', 'a', 'missing', 'a/b'],
]) {
  test(`only empty folders are removed, in any order of names: ${names.join(', ')}`, async (t) => {
    const { folder } = await createBench(t);
    await mkdir(join(folder, 'a/b/c'), { recursive: true });
    await mkdir(join(folder, 'full/mine'), { recursive: true });
    await removeEmptyFolders(names.map((name) => join(folder, name)));
    t.deepEqual(readdirSync(folder, { recursive: true }).sort(), ['full', 'full/mine']);
  });
}

test('only the folders that were missing from a path are reported as made', async (t) => {
  const { folder, undo, undoAll } = await createBench(t);
  await mkdir(join(folder, 'a'));
  t.deepEqual(missingFolders(join(folder, 'a/b/c')), [join(folder, 'a/b'), join(folder, 'a/b/c')]);
  t.deepEqual(await makeFolder(join(folder, 'a/b/c'), undo), [join(folder, 'a/b'), join(folder, 'a/b/c')]);
  t.deepEqual(missingFolders(join(folder, 'a/b/c')), []);
  await undoAll();
  t.deepEqual(readdirSync(folder), ['a']);
});

test('if the last folder of a path cannot be made, undoing removes its parents', async (t) => {
  const { folder, undo, undoAll } = await createBench(t);
  await t.throwsAsync(makeFolder(join(folder, 'a', 'b'.repeat(300)), undo), { code: 'ENAMETOOLONG' });
  await undoAll();
  t.deepEqual(readdirSync(folder), []);
});

test('a text is written with its mode, with any umask, and undone', async (t) => {
  const { folder, undo, undoAll } = await createBench(t);
  const path = join(folder, 'a');
  t.true(await writeText(path, 'one', 0o666, undo));
  t.deepEqual([readFileSync(path, 'utf8'), statSync(path).mode & 0o777], ['one', 0o666]);
  await undoAll();
  t.deepEqual(readdirSync(folder), []);
});

test('a text that is up to date is not written, unless its mode differs', async (t) => {
  const { folder, undo, undoAll } = await createBench(t);
  const path = join(folder, 'a');
  await writeText(path, 'one', 0o600, undo);
  const before = treeOf(folder);
  t.false(await writeText(path, 'one', 0o600, undo));
  t.deepEqual(treeOf(folder), before);
  chmodSync(path, 0o644);
  t.true(await writeText(path, 'one', 0o600, () => undefined));
  t.is(statSync(path).mode & 0o777, 0o600);
  await undoAll();
});

test('a replaced text is restored with its mode', async (t) => {
  const { folder, undo, undoAll } = await createBench(t);
  const path = join(folder, 'a');
  await writeFile(path, 'mine', { mode: 0o640 });
  await writeText(path, 'other', 0o600, undo);
  t.true(hasText(path, 'other'));
  await undoAll();
  t.deepEqual([readFileSync(path, 'utf8'), statSync(path).mode & 0o777], ['mine', 0o640]);
});

for (const [what, place] of [
  ['nowhere', async () => undefined],
  ['an empty file, as a mask does', (path: string) => writeFile(path, '')],
  ['a file elsewhere', (path: string) => writeFile(path, 'other')],
  ['a folder', (path: string) => mkdir(path)],
] as const) {
  test(`a link to ${what} is replaced by the file, and restored`, async (t) => {
    const { folder, undo, undoAll } = await createBench(t);
    const [path, elsewhere] = [join(folder, 'a'), join(folder, 'elsewhere')];
    await place(elsewhere);
    await symlink(elsewhere, path);
    const kept = (): unknown => statSync(elsewhere, { throwIfNoEntry: false })?.mtimeMs;
    const before = [readdirSync(folder), kept()];
    t.false(hasText(path, 'other'));
    t.true(await writeText(path, 'other', 0o600, undo));
    t.deepEqual([linkTargetOf(path), readFileSync(path, 'utf8')], [undefined, 'other']);
    t.deepEqual([readdirSync(folder), kept()], before);
    await undoAll();
    t.deepEqual([linkTargetOf(path), readdirSync(folder), kept()], [elsewhere, ...before]);
  });
}

test('the target of a mask is not written', async (t) => {
  const { folder, undo } = await createBench(t);
  const path = join(folder, 'a');
  await symlink('/dev/null', path);
  await writeText(path, 'other', 0o600, undo);
  t.deepEqual([linkTargetOf(path), readFileSync(path, 'utf8')], [undefined, 'other']);
  t.true(statSync('/dev/null').isCharacterDevice());
});

test('a folder at the path of a file or a link, and a file at the path of a link, are not changed', async (t) => {
  const { folder, undo, undoAll } = await createBench(t);
  const [full, file] = [join(folder, 'full'), join(folder, 'file')];
  await mkdir(join(full, 'of'), { recursive: true });
  await writeFile(file, 'mine');
  const before = treeOf(folder);
  t.false(hasText(full, ''));
  const pathTaken = { code: 'ERR_LAUNCHPOOL_INSTALL_FAILED' };
  await t.throwsAsync(writeText(full, 'a', 0o600, undo), pathTaken);
  await t.throwsAsync(pointTo(full, '/b', undo), pathTaken);
  await t.throwsAsync(pointTo(file, '/b', undo), pathTaken);
  await undoAll();
  t.deepEqual(treeOf(folder), before);
});

test('a link is made, replaced and restored', async (t) => {
  const { folder, undo, undoAll } = await createBench(t);
  const path = join(folder, 'current');
  t.true(await pointTo(path, '/one', undo));
  t.false(await pointTo(path, '/one', undo));
  await undoAll();
  t.false(existsSync(path));
  t.is(linkTargetOf(path), undefined);
  await pointTo(path, '/one', () => undefined);
  // The temporary link of an interrupted process with the same id.
  await symlink('/other', `${path}.${process.pid}`);
  t.true(await pointTo(path, '/two', undo));
  t.is(linkTargetOf(path), '/two');
  await undoAll();
  t.is(linkTargetOf(path), '/one');
  t.deepEqual(readdirSync(folder), ['current']);
  await rm(path);
});

test('a tree to which a process still writes is removed when the process has ended', async (t) => {
  const { folder } = await createBench(t);
  const cache = join(folder, 'cache');
  const script = `
    const { mkdirSync, writeFileSync } = require('node:fs');
    const endAt = Date.now() + 150;
    for (let nth = 0; Date.now() < endAt; nth += 1) {
      mkdirSync(process.argv[1], { recursive: true });
      try { writeFileSync(process.argv[1] + '/' + nth, ''); } catch {}
      if (nth === 0) process.stdout.write('writes');
    }`;
  const writer = spawn(process.execPath, ['-e', script, join(cache, 'v1')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(writer, 'close');
  await once(writer.stdout, 'data');
  await t.notThrowsAsync(removeTree(cache));
  await ended;
  await removeTree(cache);
  t.false(existsSync(cache));
});
