/** Which Node is recorded: one that stays, as far as its path tells. */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { checkNodeVersion, chooseNode } from '../../../src/install/node-path.ts';

const UNFIT = { code: 'ERR_LAUNCHPOOL_NODE_UNFIT' };

/** Not among what does not last, where tests have their folders otherwise, and the checkout may be. */
function lastingFolder(t: ExecutionContext): string {
  const folder = mkdtempSync('/var/tmp/lp-');
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

function place(...parts: string[]): string {
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

test('a Node that stays is taken as it is, and nothing is said', (t) => {
  const folder = lastingFolder(t);
  const path = place(folder, 'bin/node');
  t.deepEqual(choose(path), { path, mustCopy: false, notes: [] });
  t.deepEqual(chooseNode({ execPath: path }), { path, mustCopy: false, notes: [] });
});

test('a relative path is made an absolute one: the supervisor has another working directory', (t) => {
  const folder = lastingFolder(t);
  const path = place(folder, 'bin/node');
  t.is(choose(relative(process.cwd(), path)).path, path);
});

test('of Homebrew’s Cellar the link that outlives upgrades is taken, for a versioned formula too', (t) => {
  const folder = lastingFolder(t);
  for (const formula of ['node', 'node@24']) {
    const path = place(folder, 'Cellar', formula, '24.1.0', 'bin/node');
    link(`../Cellar/${formula}/24.1.0`, folder, 'opt', formula);
    const stable = join(folder, 'opt', formula, 'bin/node');
    t.deepEqual(choose(path), { path: stable, mustCopy: false, notes: [] });
    // By way of the link in bin as well, which another formula may take over.
    t.is(choose(link(path, folder, 'bin', formula)).path, stable);
  }
});

test('of a Cellar without that link, the Node itself is taken', (t) => {
  const folder = lastingFolder(t);
  const path = place(folder, 'Cellar/node/24.1.0/bin/node');
  t.is(choose(path).path, realpathSync(path));
});

test('a link that the user gives is left as it is', (t) => {
  const folder = lastingFolder(t);
  const path = link(place(folder, 'node-24/bin/node'), folder, 'bin/node');
  t.is(choose(path).path, path);
});

test('a link that goes with its shell is refused, and the hint says what it stands for', (t) => {
  const folder = lastingFolder(t);
  const real = place(folder, 'fnm/node-versions/v24.1.0/installation/bin/node');
  const path = link(dirname(dirname(real)), folder, 'fnm_multishells/123_456');
  const error = t.throws(() => choose(join(path, 'bin/node')), UNFIT) as Error & { hint: string };
  t.true(error.message.includes('as long as this shell only'));
  t.true(error.hint.includes(`--node ${real}`), error.hint);
  t.is(choose(real).mustCopy, false);
  // Copied, it does not matter how long it is there.
  t.deepEqual(choose(join(path, 'bin/node'), true), { path: real, mustCopy: true, notes: [] });
});

test('a Node in a folder for what does not last is refused, also behind a link, and the hint names no such path', (t) => {
  const folder = lastingFolder(t);
  const temporary = mkdtempSync('/tmp/lp-node-');
  t.teardown(() => rmSync(temporary, { recursive: true }));
  const path = place(temporary, 'node');
  for (const asked of [path, link(path, folder, 'bin/node')]) {
    const error = t.throws(() => choose(asked), UNFIT) as Error & { hint: string };
    t.true(error.hint.includes('--copy-node'));
    t.false(error.hint.includes(temporary), error.hint);
  }
  t.deepEqual(choose(path, true), { path: realpathSync(path), mustCopy: true, notes: [] });
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
] as const) {
  test(`${path} is taken, and noted as one that ${manager} may remove`, (t) => {
    const folder = lastingFolder(t);
    const { mustCopy, notes } = choose(place(folder, path));
    t.false(mustCopy);
    t.is(notes.length, 1);
    t.true(notes[0]?.includes(` ${manager} `) && notes[0].includes('--copy-node'), notes[0]);
    t.deepEqual(choose(join(folder, path), true).notes, []);
  });
}

test('a Node among packages is copied, which is said, and never refused', (t) => {
  const temporary = mkdtempSync('/tmp/lp-node-');
  t.teardown(() => rmSync(temporary, { recursive: true }));
  for (const folder of [lastingFolder(t), temporary]) {
    const path = place(folder, 'node_modules/node/bin/node');
    const { mustCopy, notes, path: chosen } = choose(path);
    t.deepEqual([chosen, mustCopy, notes.length], [path, true, 1]);
    t.true(notes[0]?.includes('copied'));
  }
});

test('a Node that is not there is refused by its name', (t) => {
  const { message } = t.throws(() => choose('/no/such/node'), UNFIT);
  t.true(message.includes('/no/such/node'));
});

for (const [printed, version] of [
  ['v22.20.0\n', '22.20.0'],
  ['v22.21.3', '22.21.3'],
  ['v23.0.0', '23.0.0'],
  ['v26.10.0-nightly20260101abcdef', '26.10.0-nightly20260101abcdef'],
] as const) {
  test(`${JSON.stringify(printed)} is a version that will do`, (t) => {
    t.is(checkNodeVersion('/node', printed), version);
  });
}

for (const printed of ['v22.19.9', 'v20.19.0', 'v0.12.1']) {
  test(`${printed} is too old, which is said with what is needed`, (t) => {
    const { message } = t.throws(() => checkNodeVersion('/node', printed), UNFIT);
    t.true(message.includes(printed.slice(1)) && message.includes('22.20'));
  });
}

for (const printed of ['', '26.0.0', '1.3.5\n', 'deno 2.0.0', 'v26', 'x'.repeat(1000)]) {
  test(`${JSON.stringify(printed.slice(0, 12))} is no version of Node`, (t) => {
    const { message } = t.throws(() => checkNodeVersion('/node', printed), UNFIT);
    t.true(message.length < 120);
  });
}
