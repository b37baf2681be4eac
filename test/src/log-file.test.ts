/** Rotation: a long log is copied completely, and later output goes to the truncated file. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { createRotation, rotateLog } from '../../src/log-file.ts';
import { notTested } from '../helpers/not-tested.ts';
import { runProgram } from '../helpers/program.ts';
import { tempDir } from '../helpers/temp-dir.ts';
import { findTool } from '../helpers/tools.ts';

const rotation = new URL('../../src/log-file.ts', import.meta.url).href;

/** A log as a supervisor opens it. */
async function openLog(t: ExecutionContext): Promise<{ path: string; fd: number; folder: string }> {
  const folder = await tempDir(t);
  const path = join(folder, 'agent.log');
  const fd = openSync(path, 'a', 0o600);
  t.teardown(() => closeSync(fd));
  return { path, fd, folder };
}

test('a log up to the limit is not rotated', async (t) => {
  const { path, fd, folder } = await openLog(t);
  writeSync(fd, 'x'.repeat(100));
  t.false(rotateLog(path, 100, fd));
  t.is(statSync(path).size, 100);
  t.deepEqual(await readdir(folder), ['agent.log']);
});

test('a log above the limit is copied, readable by its owner only, and truncated', async (t) => {
  const { path, fd } = await openLog(t);
  writeSync(fd, 'x'.repeat(101));
  t.true(rotateLog(path, 100, fd));
  writeSync(fd, 'after');
  t.is(readFileSync(path, 'utf8'), 'after');
  t.is(readFileSync(`${path}.1`, 'utf8'), 'x'.repeat(101));
  t.deepEqual(
    [path, `${path}.1`].map((name) => statSync(name).mode & 0o777),
    [0o600, 0o600],
  );
});

test('three older files are kept, the latest first', async (t) => {
  const { path, fd, folder } = await openLog(t);
  for (let number = 1; number <= 6; number += 1) {
    writeSync(fd, `${number}`);
    t.true(rotateLog(path, 0, fd));
  }
  t.deepEqual((await readdir(folder)).sort(), ['agent.log', 'agent.log.1', 'agent.log.2', 'agent.log.3']);
  t.deepEqual(
    [1, 2, 3].map((number) => readFileSync(`${path}.${number}`, 'utf8')),
    ['6', '5', '4'],
  );
});

test('no line is lost, and no file grows much above the limit', async (t) => {
  const { path, folder } = await openLog(t);
  const script = `
    import { writeSync } from 'node:fs';
    import { rotateLog } from ${JSON.stringify(rotation)};
    for (let line = 0; line < 500; line += 1) {
      writeSync(2, line + '\\n');
      if (line % 10 === 9) rotateLog(${JSON.stringify(path)}, 600);
    }`;
  const command = '"$1" --input-type=module --eval "$2" 2>> "$3"';
  const { status } = await runProgram(['/bin/sh', '-c', command, 'sh', process.execPath, script, path]);
  t.is(status, 0);
  const files = [3, 2, 1].map((number) => `${path}.${number}`).concat(path);
  for (const file of files) t.true(statSync(file).size <= 700, file);
  const lines = files
    .map((file) => readFileSync(file, 'utf8'))
    .join('')
    .split('\n')
    .filter((line) => line !== '');
  // The oldest lines are deleted; the others are complete and in order.
  const first = Number(lines[0]);
  t.deepEqual(
    lines.map(Number),
    Array.from({ length: 500 - first }, (_, index) => first + index),
  );
  t.true(lines.length > 300);
  t.is((await readdir(folder)).length, 4);
});

test('a moved log is not rotated', async (t) => {
  const { path, fd, folder } = await openLog(t);
  writeSync(fd, 'xx');
  renameSync(path, join(folder, 'mine'));
  t.false(rotateLog(path, 1, fd));
  t.deepEqual(await readdir(folder), ['mine']);
});

test('a replaced log is left alone, and so is its replacement', async (t) => {
  const { path, fd, folder } = await openLog(t);
  writeSync(fd, 'own');
  renameSync(path, join(folder, 'mine'));
  writeFileSync(path, 'other');
  t.false(rotateLog(path, 1, fd));
  t.deepEqual([readFileSync(join(folder, 'mine'), 'utf8'), readFileSync(path, 'utf8')], ['own', 'other']);
});

test('a failed copy changes nothing', async (t) => {
  const { path, fd } = await openLog(t);
  writeSync(fd, 'now');
  writeFileSync(`${path}.1`, 'one');
  // A folder of this name makes the copy fail.
  mkdirSync(`${path}.new`);
  t.throws(() => rotateLog(path, 1, fd));
  t.deepEqual([readFileSync(path, 'utf8'), readFileSync(`${path}.1`, 'utf8')], ['now', 'one']);
  t.false(existsSync(`${path}.2`));
});

test('on a full disk, repeated attempts lose nothing, and the process goes on', async (t) => {
  const unshare = findTool('unshare');
  if (unshare === undefined || process.getuid?.() !== 0) {
    return notTested(t, 'a small file system of its own needs root and unshare');
  }
  const folder = await tempDir(t);
  const path = join(folder, 'agent.log');
  const script = `
    import { readFileSync, readdirSync, writeSync, writeFileSync } from 'node:fs';
    import { rotateLog } from ${JSON.stringify(rotation)};
    const path = ${JSON.stringify(path)};
    for (const number of [1, 2, 3]) writeFileSync(path + '.' + number, String(number));
    writeSync(2, 'x'.repeat(600 * 1024));
    const codes = [];
    for (let attempt = 0; attempt < 4; attempt += 1) {
      try { rotateLog(path, 1024); } catch (error) { codes.push(error.code); }
    }
    writeSync(2, 'after');
    const older = [1, 2, 3].map((number) => readFileSync(path + '.' + number, 'utf8'));
    const log = readFileSync(path, 'utf8');
    console.log(JSON.stringify({ codes, older, length: log.length, files: readdirSync(${JSON.stringify(folder)}).length }));`;
  const command = 'mount -t tmpfs -o size=1m tmpfs "$0" && exec "$1" --input-type=module --eval "$2" 2>> "$3"';
  const args = [folder, process.execPath, script, path] as const;
  const { status, stdout, stderr } = await runProgram([unshare, '-m', '/bin/sh', '-c', command, ...args]);
  t.is(status, 0, stderr);
  t.deepEqual(JSON.parse(stdout.toString()), {
    codes: ['ENOSPC', 'ENOSPC', 'ENOSPC', 'ENOSPC'],
    older: ['1', '2', '3'],
    length: 600 * 1024 + 5,
    files: 4,
  });
});

test('a log is rotated as it is written, also what others have written to it since', async (t) => {
  const { path, fd } = await openLog(t);
  const rotation = createRotation({ path, fd, maxBytes: 1_000, onFailed: (error) => t.fail(String(error)) });
  for (let line = 0; line < 500; line += 1) {
    writeSync(fd, 'x'.repeat(100));
    rotation.wrote(100);
    t.true(statSync(path).size <= 1_000);
  }
  for (const number of [1, 2, 3]) t.true(statSync(`${path}.${number}`).size <= 1_100);
  writeSync(fd, 'y'.repeat(5_000));
  rotation.check();
  t.is(statSync(path).size, 0);
});

test('a rotation that fails is tried again after some more bytes, not with each line', async (t) => {
  const { path, fd } = await openLog(t);
  mkdirSync(`${path}.new`);
  const failures: unknown[] = [];
  const rotation = createRotation({ path, fd, maxBytes: 2 * 1024 * 1024, onFailed: (error) => failures.push(error) });
  writeSync(fd, 'x'.repeat(2 * 1024 * 1024 + 1));
  rotation.wrote(2 * 1024 * 1024 + 1);
  for (let line = 0; line < 1_000; line += 1) rotation.wrote(1_000);
  t.is(failures.length, 1);
  rotation.wrote(100_000);
  t.is(failures.length, 2);
});
