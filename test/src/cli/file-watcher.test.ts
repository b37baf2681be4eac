/** The file watcher of `dev`: the changes that it reports, and their number. */
import { once } from 'node:events';
import { mkdirSync, renameSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { candidatesFor, createFileWatcher, type FileWatcher } from '../../../src/cli/file-watcher.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

type Watched = FileWatcher & {
  changes: string[];
  /** Resolves when `count` changes have been reported. */
  reported(count: number): Promise<void>;
};

function watchFiles(t: ExecutionContext, ...files: string[]): Watched {
  const changes: string[] = [];
  const waiting = new Set<() => void>();
  const watcher = createFileWatcher({
    onChange(file) {
      changes.push(file);
      for (const check of waiting) check();
    },
  });
  watcher.add(files);
  t.teardown(watcher.close);
  const reported = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (changes.length >= count) resolve();
      };
      waiting.add(check);
      check();
    });
  return { ...watcher, changes, reported };
}

async function fileIn(t: ExecutionContext, name = 'agent.ts'): Promise<string> {
  const file = join(await tempDir(t), name);
  writeFileSync(file, 'before');
  return file;
}

test('a written file is reported by its path', async (t) => {
  const file = await fileIn(t);
  const watched = watchFiles(t, file);
  writeFileSync(file, 'after');
  await watched.reported(1);
  t.deepEqual(watched.changes, [file]);
});

test('a change before a file is added is reported if it came after the file was used', async (t) => {
  const [changed, unchanged] = [await fileIn(t, 'changed'), await fileIn(t, 'unchanged')];
  const { ctimeMs } = statSync(changed);
  const watched = watchFiles(t);
  watched.add([changed], ctimeMs - 1);
  watched.add([unchanged], ctimeMs + 60_000);
  await watched.reported(1);
  writeFileSync(changed, 'after');
  await watched.reported(2);
  t.deepEqual(watched.changes, [changed, changed]);
});

test('a file that changes all the time does not hide another one', async (t) => {
  const [busy, other] = [await fileIn(t, 'busy'), await fileIn(t, 'other')];
  const watched = watchFiles(t, busy, other);
  let count = 0;
  const writing = setInterval(() => writeFileSync(busy, String(count++)), 10);
  t.teardown(() => clearInterval(writing));
  await watched.reported(1);
  watched.ignore([busy]);
  writeFileSync(other, 'after');
  const before = watched.changes.length;
  await watched.reported(before + (watched.changes.includes(other) ? 0 : 1));
  t.true(watched.changes.includes(other));
});

test('a folder is reported when a file comes or goes', async (t) => {
  const folder = `${await tempDir(t)}/`;
  const watched = watchFiles(t, folder);
  writeFileSync(join(folder, 'new'), '');
  await watched.reported(1);
  rmSync(join(folder, 'new'));
  await watched.reported(2);
  t.deepEqual(watched.changes, [folder, folder]);
});

test('an ignored file is not reported, also if it is added again', async (t) => {
  const [ignored, other] = [await fileIn(t, 'ignored'), await fileIn(t, 'other')];
  const watched = watchFiles(t, ignored, other);
  watched.ignore([ignored]);
  watched.add([ignored]);
  writeFileSync(ignored, 'after');
  writeFileSync(other, 'after');
  await watched.reported(1);
  t.deepEqual(watched.changes, [other]);
});

test('a replaced file is reported, the first time and the second', async (t) => {
  const file = await fileIn(t);
  const watched = watchFiles(t, file);
  for (const count of [1, 2]) {
    writeFileSync(`${file}.new`, `version ${count}`);
    renameSync(`${file}.new`, file);
    await watched.reported(count);
  }
  t.deepEqual(watched.changes, [file, file]);
});

test('a missing file is reported when it is created', async (t) => {
  const file = join(await tempDir(t), 'later.ts');
  const watched = watchFiles(t, file);
  writeFileSync(file, 'here');
  await watched.reported(1);
  t.deepEqual(watched.changes, [file]);
});

test('other files in the folder are not reported', async (t) => {
  const file = await fileIn(t);
  const other = join(file, '..', 'other.ts');
  const watched = watchFiles(t, file);
  const control = watchFiles(t, other);
  writeFileSync(other, 'after');
  await control.reported(1);
  t.deepEqual(watched.changes, []);
});

test('a change in several steps is reported once', async (t) => {
  const file = await fileIn(t);
  const watched = watchFiles(t, file);
  for (let step = 0; step < 20; step += 1) {
    renameSync(file, `${file}.old`);
    writeFileSync(file, `step ${step}`);
  }
  await watched.reported(1);
  const control = watchFiles(t, file);
  writeFileSync(file, 'last');
  await control.reported(1);
  await watched.reported(2);
  t.is(watched.changes.length, 2);
});

test('files of the same name in different folders are distinguished', async (t) => {
  const [one, two] = [await fileIn(t), await fileIn(t)];
  const watched = watchFiles(t, one, two);
  writeFileSync(two, 'after');
  await watched.reported(1);
  t.deepEqual(watched.changes, [two]);
});

test('a file that is added later is watched too', async (t) => {
  const file = await fileIn(t);
  const later = join(file, '..', 'later.ts');
  const watched = watchFiles(t, file);
  watched.add([later]);
  writeFileSync(later, 'here');
  await watched.reported(1);
  t.deepEqual(watched.changes, [later]);
});

test('a missing folder does not affect other folders', async (t) => {
  const file = await fileIn(t);
  const watched = watchFiles(t, join(file, '..', 'missing', 'agent.ts'), file);
  writeFileSync(file, 'after');
  await watched.reported(1);
  t.deepEqual(watched.changes, [file]);
});

test('a folder that was removed and made again is watched', async (t) => {
  const folder = join(await tempDir(t), 'dist');
  const file = join(folder, 'agent.js');
  mkdirSync(folder);
  writeFileSync(file, 'before');
  const watched = watchFiles(t, file);
  rmSync(folder, { recursive: true });
  await watched.reported(1);
  mkdirSync(folder);
  writeFileSync(file, 'built');
  await watched.reported(2);
  const before = watched.changes.length;
  writeFileSync(file, 'built again');
  await watched.reported(before + 1);
  t.deepEqual(new Set(watched.changes), new Set([file]));
});

test('a project that is replaced by another one is noticed, and the new one is watched', async (t) => {
  const parent = await tempDir(t);
  const file = join(parent, 'project', 'src', 'agent.ts');
  for (const name of ['project', 'next']) {
    mkdirSync(join(parent, name, 'src'), { recursive: true });
    writeFileSync(join(parent, name, 'src', 'agent.ts'), name);
  }
  const watched = watchFiles(t, file);
  renameSync(join(parent, 'project'), join(parent, 'old'));
  renameSync(join(parent, 'next'), join(parent, 'project'));
  await watched.reported(1);
  const before = watched.changes.length;
  writeFileSync(file, 'a change of the new one');
  await watched.reported(before + 1);
  t.deepEqual(new Set(watched.changes), new Set([file]));
});

test('a file that comes with all of its folders is reported', async (t) => {
  const folder = await tempDir(t);
  const file = join(folder, 'node_modules', 'package', 'package.json');
  const watched = watchFiles(t, file);
  mkdirSync(join(folder, 'node_modules', 'package'), { recursive: true });
  writeFileSync(file, '{}');
  await watched.reported(1);
  t.deepEqual(watched.changes, [file]);
});

test('the candidates of an import are its file with each ending, or its package in each node_modules', (t) => {
  const relative = candidatesFor('./lib/a.js', '/p/src');
  for (const path of ['/p/src/lib/a.js', '/p/src/lib/a.ts', '/p/src/lib/a.js/index.ts'])
    t.true(relative.includes(path), path);
  t.deepEqual(candidatesFor('@me/lib/deep', '/p/src'), [
    '/p/src/node_modules/@me/lib/package.json',
    '/p/node_modules/@me/lib/package.json',
    '/node_modules/@me/lib/package.json',
  ]);
});

test('nothing is reported after closing, also not a pending change', async (t) => {
  const file = await fileIn(t);
  const watched = watchFiles(t, file);
  const control = watchFiles(t, file);
  const nodeWatcher = watch(join(file, '..'));
  t.teardown(() => nodeWatcher.close());
  const seen = once(nodeWatcher, 'change');
  writeFileSync(file, 'after');
  await seen;
  watched.close();
  await control.reported(1);
  t.deepEqual(watched.changes, []);
});

for (const [title, statements] of [
  ['a closed watcher', 'watcher.add([file]); watcher.close();'],
  ['a closed watcher to which a file is added', 'watcher.close(); watcher.add([file]);'],
]) {
  test(`${title} does not keep the process alive`, async (t) => {
    const module = new URL('../../../src/cli/file-watcher.ts', import.meta.url).href;
    const script = `
      const { createFileWatcher } = await import(${JSON.stringify(module)});
      const watcher = createFileWatcher(() => undefined);
      const file = process.argv[1];
      ${statements}
      // Fires only when the watcher keeps the process alive.
      setTimeout(() => process.exit(1), 5_000).unref();`;
    const { status } = await runProgram([process.execPath, '--input-type=module', '-e', script, await fileIn(t)]);
    t.is(status, 0);
  });
}
