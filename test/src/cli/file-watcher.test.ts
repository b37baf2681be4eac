/** The watcher behind `dev`: which changes it reports, and how often. */
import { once } from 'node:events';
import { mkdirSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createFileWatcher, type FileWatcher } from '../../../src/cli/file-watcher.ts';
import { runProgram } from '../../helpers/program.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

type Watched = FileWatcher & {
  changes: string[];
  /** Resolves when so many changes have been reported. */
  reported(count: number): Promise<void>;
};

function watchFiles(t: ExecutionContext, ...files: string[]): Watched {
  const changes: string[] = [];
  const waiting = new Set<() => void>();
  const watcher = createFileWatcher((file) => {
    changes.push(file);
    for (const inspect of waiting) inspect();
  });
  watcher.add(files);
  t.teardown(watcher.close);
  const reported = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const inspect = (): void => {
        if (changes.length >= count) resolve();
      };
      waiting.add(inspect);
      inspect();
    });
  return { ...watcher, changes, reported };
}

async function fileIn(t: ExecutionContext, name = 'agent.ts'): Promise<string> {
  const file = join(await tempDir(t), name);
  writeFileSync(file, 'before');
  return file;
}

test('a file that is written to is reported by its path', async (t) => {
  const file = await fileIn(t);
  const watched = watchFiles(t, file);
  writeFileSync(file, 'after');
  await watched.reported(1);
  t.deepEqual(watched.changes, [file]);
});

test('a file that an editor replaces is reported, the first time and the next', async (t) => {
  const file = await fileIn(t);
  const watched = watchFiles(t, file);
  for (const count of [1, 2]) {
    writeFileSync(`${file}.new`, `version ${count}`);
    renameSync(`${file}.new`, file);
    await watched.reported(count);
  }
  t.deepEqual(watched.changes, [file, file]);
});

test('a file that is not there yet is reported when it comes', async (t) => {
  const file = join(await tempDir(t), 'later.ts');
  const watched = watchFiles(t, file);
  writeFileSync(file, 'here');
  await watched.reported(1);
  t.deepEqual(watched.changes, [file]);
});

test('other files of the folder are not reported', async (t) => {
  const file = await fileIn(t);
  const other = join(file, '..', 'other.ts');
  const watched = watchFiles(t, file);
  const control = watchFiles(t, other);
  writeFileSync(other, 'after');
  await control.reported(1);
  t.deepEqual(watched.changes, []);
});

test('what is written in several steps is reported once', async (t) => {
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

test('files of one name in different folders are told apart', async (t) => {
  const [one, two] = [await fileIn(t), await fileIn(t)];
  const watched = watchFiles(t, one, two);
  writeFileSync(two, 'after');
  await watched.reported(1);
  t.deepEqual(watched.changes, [two]);
});

test('a file that is added later is watched as the first ones are', async (t) => {
  const file = await fileIn(t);
  const later = join(file, '..', 'later.ts');
  const watched = watchFiles(t, file);
  watched.add([later]);
  writeFileSync(later, 'here');
  await watched.reported(1);
  t.deepEqual(watched.changes, [later]);
});

test('a folder that is not there hinders nobody', async (t) => {
  const file = await fileIn(t);
  const watched = watchFiles(t, join(file, '..', 'missing', 'agent.ts'), file);
  writeFileSync(file, 'after');
  await watched.reported(1);
  t.deepEqual(watched.changes, [file]);
});

test('a folder that was made anew is watched again when its files are added again', async (t) => {
  const folder = join(await tempDir(t), 'dist');
  const file = join(folder, 'agent.js');
  mkdirSync(folder);
  writeFileSync(file, 'before');
  const watched = watchFiles(t, file);
  rmSync(folder, { recursive: true });
  await watched.reported(1);
  mkdirSync(folder);
  writeFileSync(file, 'built');
  watched.add([file]);
  const control = watchFiles(t, file);
  writeFileSync(file, 'after');
  await control.reported(1);
  t.deepEqual(watched.changes, [file, file]);
});

test('nothing is reported after closing, not even what was about to be', async (t) => {
  const file = await fileIn(t);
  const watched = watchFiles(t, file);
  const control = watchFiles(t, file);
  const plain = watch(join(file, '..'));
  t.teardown(() => plain.close());
  const seen = once(plain, 'change');
  writeFileSync(file, 'after');
  await seen;
  watched.close();
  await control.reported(1);
  t.deepEqual(watched.changes, []);
});

for (const [title, statements] of [
  ['a closed watcher', 'watcher.add([file]); watcher.close();'],
  ['a closed watcher that is told of another file', 'watcher.close(); watcher.add([file]);'],
]) {
  test(`${title} keeps no process alive`, async (t) => {
    const module = new URL('../../../src/cli/file-watcher.ts', import.meta.url).href;
    const script = `
      const { createFileWatcher } = await import(${JSON.stringify(module)});
      const watcher = createFileWatcher(() => undefined);
      const file = process.argv[1];
      ${statements}
      // Fires only if something else keeps the process alive for so long.
      setTimeout(() => process.exit(1), 5_000).unref();`;
    const { status } = await runProgram([process.execPath, '--input-type=module', '-e', script, await fileIn(t)]);
    t.is(status, 0);
  });
}
