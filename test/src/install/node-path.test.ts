/** The choice of the Node: its path must be permanent. */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { checkNodeVersion, chooseNode } from '../../../src/install/node-path.ts';

const UNFIT = { code: 'ERR_LAUNCHPOOL_NODE_UNFIT' };

/** A folder that does not count as temporary, unlike the other folders of tests. */
function permanentFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(realpathSync('/var/tmp'), 'lp-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

function writeNode(...parts: string[]): string {
  const path = join(...parts);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, '#!/bin/sh\necho v26.0.0\n');
  chmodSync(path, 0o755);
  return path;
}

function link(target: string, ...parts: string[]): string {
  const path = join(...parts);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
  return path;
}

const choose = (node: string, copyNode?: boolean): ReturnType<typeof chooseNode> =>
  chooseNode({ execPath: '/nowhere' }, { node, copyNode });

test('a permanent Node is used unchanged, without a note', (t) => {
  const folder = permanentFolder(t);
  const path = writeNode(folder, 'bin/node');
  t.deepEqual(choose(path), { path, mustCopy: false, notes: [] });
  t.deepEqual(chooseNode({ execPath: path }), { path, mustCopy: false, notes: [] });
});

test('a relative path becomes absolute: the supervisor has another working directory', (t) => {
  const folder = permanentFolder(t);
  const path = writeNode(folder, 'bin/node');
  t.is(choose(relative(process.cwd(), path)).path, path);
});

test('for a Node in Homebrew’s Cellar, the link that outlasts upgrades is used, for a versioned formula too', (t) => {
  const folder = permanentFolder(t);
  for (const formula of ['node', 'node@24']) {
    const path = writeNode(folder, 'Cellar', formula, '24.1.0', 'bin/node');
    link(`../Cellar/${formula}/24.1.0`, folder, 'opt', formula);
    const stable = join(folder, 'opt', formula, 'bin/node');
    t.deepEqual(choose(path), { path: stable, mustCopy: false, notes: [] });
    // Also through the link in bin, which another formula may replace.
    t.is(choose(link(path, folder, 'bin', formula)).path, stable);
  }
});

test('for a Cellar without that link, the Node itself is used', (t) => {
  const folder = permanentFolder(t);
  const path = writeNode(folder, 'Cellar/node/24.1.0/bin/node');
  t.is(choose(path).path, realpathSync(path));
});

test('a link that the user gives is used unchanged', (t) => {
  const folder = permanentFolder(t);
  const path = link(writeNode(folder, 'node-24/bin/node'), folder, 'bin/node');
  t.is(choose(path).path, path);
});

test('a link of one shell is refused, and the hint names its target', (t) => {
  const folder = permanentFolder(t);
  const real = writeNode(folder, 'fnm/node-versions/v24.1.0/installation/bin/node');
  const path = link(dirname(dirname(real)), folder, 'fnm_multishells/123_456');
  const error = t.throws(() => choose(join(path, 'bin/node')), UNFIT) as Error & { hint: string };
  t.true(error.message.includes('only as long as this shell'));
  t.true(error.hint.includes(`--node ${real}`), error.hint);
  t.is(choose(real).mustCopy, false);
  // A copy does not depend on the link.
  t.deepEqual(choose(join(path, 'bin/node'), true), { path: real, mustCopy: true, notes: ['Node is copied (0 MB).'] });
});

test('a Node in a temporary folder is refused, also behind a link, and the hint names no such path', (t) => {
  const folder = permanentFolder(t);
  const temporary = mkdtempSync('/tmp/lp-node-');
  t.teardown(() => rmSync(temporary, { recursive: true }));
  const path = writeNode(temporary, 'node');
  for (const asked of [path, link(path, folder, 'bin/node')]) {
    const error = t.throws(() => choose(asked), UNFIT) as Error & { hint: string };
    t.true(error.hint.includes('--copy-node'));
    t.false(error.hint.includes(temporary), error.hint);
  }
  t.like(choose(path, true), { path: realpathSync(path), mustCopy: true });
});

for (const [manager, path] of [
  ['nvm', '.nvm/versions/node/v24.1.0/bin/node'],
  ['nvm', '.config/nvm/versions/node/v24.1.0/bin/node'],
  ['fnm', '.local/share/fnm/node-versions/v24.1.0/installation/bin/node'],
  ['Volta', '.volta/tools/image/node/24.1.0/bin/node'],
  ['asdf', '.asdf/installs/nodejs/24.1.0/bin/node'],
  ['mise', '.local/share/mise/installs/node/24.1.0/bin/node'],
  ['n', 'n/versions/node/24.1.0/bin/node'],
  ['nodenv', '.nodenv/versions/24.1.0/bin/node'],
  ['fnm', 'Library/Application Support/fnm/node-versions/v24.1.0/installation/bin/node'],
  ['fnm', '.fnm/node-versions/v24.1.0/installation/bin/node'],
  ['n', '.n/n/versions/node/24.1.0/bin/node'],
  ['mise', '.local/share/rtx/installs/node/24.1.0/bin/node'],
  ['nodebrew', '.nodebrew/node/v24.1.0/bin/node'],
  ['proto', '.proto/tools/node/24.1.0/bin/node'],
  ['pnpm', 'Library/pnpm/nodejs/24.1.0/bin/node'],
  ['pnpm', '.local/share/pnpm/nodejs/24.1.0/bin/node'],
  ['vfox', '.version-fox/cache/nodejs/v-24.1.0/nodejs-24.1.0/bin/node'],
] as const) {
  test(`${path} is used, with a note that ${manager} may remove it`, (t) => {
    const folder = permanentFolder(t);
    const { mustCopy, notes } = choose(writeNode(folder, path));
    t.false(mustCopy);
    t.is(notes.length, 1);
    t.true(notes[0]?.includes(` ${manager} `) && notes[0].includes('--copy-node'), notes[0]);
    t.deepEqual(choose(join(folder, path), true).notes, ['Node is copied (0 MB).']);
  });
}

test('a Node in node_modules is copied, with a note, and never refused', (t) => {
  const temporary = mkdtempSync('/tmp/lp-node-');
  t.teardown(() => rmSync(temporary, { recursive: true }));
  for (const folder of [permanentFolder(t), temporary]) {
    const path = writeNode(folder, 'node_modules/node/bin/node');
    const { mustCopy, notes, path: chosen } = choose(path);
    t.deepEqual([chosen, mustCopy, notes.length], [path, true, 1]);
    t.true(notes[0]?.includes('copied'));
  }
});

test('a missing Node is refused, and the message names it', (t) => {
  const { message } = t.throws(() => choose('/no/such/node'), UNFIT);
  t.true(message.includes('/no/such/node'));
});

for (const [printed, version] of [
  ['v22.20.0\n', '22.20.0'],
  ['v22.21.3', '22.21.3'],
  ['v23.0.0', '23.0.0'],
  ['v26.10.0-nightly20260101abcdef', '26.10.0-nightly20260101abcdef'],
] as const) {
  test(`the version ${JSON.stringify(printed)} is accepted`, (t) => {
    t.is(checkNodeVersion('/node', printed), version);
  });
}

for (const printed of ['v22.19.9', 'v20.19.0', 'v0.12.1']) {
  test(`${printed} is too old, and the message names the minimum`, (t) => {
    const { message } = t.throws(() => checkNodeVersion('/node', printed), UNFIT);
    t.true(message.includes(printed.slice(1)) && message.includes('22.20'));
  });
}

for (const printed of ['', '26.0.0', '1.3.5\n', 'deno 2.0.0', 'v26', 'x'.repeat(1000)]) {
  test(`${JSON.stringify(printed.slice(0, 12))} is not a version of Node`, (t) => {
    const { message } = t.throws(() => checkNodeVersion('/node', printed), UNFIT);
    t.true(message.length < 120);
  });
}
