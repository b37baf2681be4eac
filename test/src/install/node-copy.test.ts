/** Copies of Node, and programs that are not Node. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import { copyNode, copyPathOf, versionOf } from '../../../src/install/node-copy.ts';
import { ask, createInstallBench } from '../../helpers/install-bench.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

const UNFIT = { code: 'ERR_LAUNCHPOOL_NODE_UNFIT' };

async function script(path: string, text: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `#!/bin/sh\n${text}\n`);
  await chmod(path, 0o755);
  return path;
}

test('the version of this process’s Node is its own', async (t) => {
  t.is(await versionOf(process.execPath), process.versions.node);
});

test('a Node is started without this process’s environment', async (t) => {
  const node = await script(join(await tempDir(t), 'node'), '[ -z "$HOME$NODE_OPTIONS" ] && echo v26.0.0');
  t.is(await versionOf(node), '26.0.0');
});

for (const [what, text] of [
  ['prints another version', 'echo 1.3.5'],
  ['prints nothing', ':'],
  ['fails', 'echo v26.0.0; exit 1'],
  ['is too old', 'echo v18.20.4'],
] as const) {
  test(`a program that ${what} is refused, and the hint says how to choose another Node`, async (t) => {
    const node = await script(join(await tempDir(t), 'node'), text);
    const error = (await t.throwsAsync(versionOf(node), UNFIT)) as Error & { hint: string };
    t.true(error.message.includes(node), error.message);
    t.regex(error.hint, /--node/);
  });
}

test('a file that is not executable, a folder and a missing path are refused', async (t) => {
  const folder = await tempDir(t);
  const file = join(folder, 'file');
  await writeFile(file, 'text');
  for (const path of [file, folder, join(folder, 'missing')]) await t.throwsAsync(versionOf(path), UNFIT);
});

test('a Node whose copy does not run leaves no copy', async (t) => {
  const folder = await tempDir(t);
  const undoing: (() => Promise<void>)[] = [];
  const from = await script(
    join(folder, 'beside-its-libraries', 'node'),
    'case "$0" in */beside-its-libraries/*) echo v26.0.0;; *) echo "libnode.so not found" >&2; exit 127;; esac',
  );
  const to = copyPathOf(join(folder, 'nodes'), '26.0.0');
  const error = await t.throwsAsync(
    copyNode(from, to, (action) => undoing.push(action)),
    UNFIT,
  );
  t.regex((error as Error & { hint: string }).hint, /--copy-node/);
  t.false(existsSync(to));
  for (const action of undoing.reverse()) await action();
  t.deepEqual(readdirSync(folder), ['beside-its-libraries']);
});

test('an existing copy is kept, unless its size differs', async (t) => {
  const folder = await tempDir(t);
  const from = await script(join(folder, 'node'), 'echo v26.0.0');
  const to = copyPathOf(join(folder, 'nodes'), '26.0.0');
  t.true(await copyNode(from, to, () => undefined));
  t.is(statSync(to).mode & 0o777, 0o755);
  const { mtimeMs, ino } = statSync(to);
  t.false(await copyNode(from, to, () => undefined));
  t.deepEqual([statSync(to).mtimeMs, statSync(to).ino], [mtimeMs, ino]);
  await script(from, 'echo v26.0.0 # of another build');
  t.true(await copyNode(from, to, () => undefined));
  t.is(statSync(to).size, statSync(from).size);
});

test.serial('an agent runs on the copy of a Node, which is removed when it is replaced', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const { socket, node, notes } = await bench.install({ node: process.execPath, copyNode: true });
  t.true(node.startsWith(`${bench.layout.nodes}/`), node);
  t.true(notes.length <= 1);
  t.is(await ask(socket, 'version'), 1);
  t.is(statSync(node).size, statSync(process.execPath).size);
  // An unfinished copy, and the copy of another version.
  await writeFile(`${node}.4711`, '');
  await mkdir(join(bench.layout.nodes, '20.0.0-x64'));
  t.is((await bench.install({ node: process.execPath, copyNode: true })).outcome, 'unchanged');
  t.deepEqual([readdirSync(bench.layout.nodes).length, readdirSync(dirname(node))], [1, ['node']]);
  await bench.install();
  t.deepEqual(readdirSync(bench.layout.nodes), []);
  t.is(await ask(socket, 'version'), 1);
});
