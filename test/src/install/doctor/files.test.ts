/** What the doctor finds of the Node and the program of an agent, and mends. */
import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readRecord } from '../../../../src/installed/record.ts';
import { lastingNode } from '../../../helpers/lasting-node.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { type Bench, idsOf, isMended, launchdBench, ownNode, SHORT } from './bench.ts';

const it = test.serial;

/** The doctor finds that, cannot mend it, and says what to do instead. */
async function isLeft(t: ExecutionContext, bench: Bench, id: string, hint: RegExp): Promise<void> {
  for (const fix of [false, true]) {
    const found = await bench.doctor({ fix });
    t.deepEqual(idsOf(found), [id]);
    t.like(found[0], { severity: 'problem', label: bench.label, canFix: false, fixed: undefined });
    t.regex(found[0]?.hint ?? '', hint);
  }
}

it('when its Node is gone, an agent is installed again with the one that runs the doctor', async (t) => {
  const bench = await launchdBench(t);
  const node = await ownNode(t);
  await bench.install({ agent: SHORT, node });
  await bench.idle();
  rmSync(node);
  const [found] = await isMended(t, bench, ['node-gone']);
  t.is(found?.message, `the Node it was installed with is gone: ${node}`);
  t.is(readRecord(bench.layout)?.node.path, lastingNode());
});

it('a Node that cannot be executed any more is as good as gone', async (t) => {
  const bench = await launchdBench(t);
  const node = await ownNode(t);
  await bench.install({ node });
  await chmod(node, 0o644);
  t.deepEqual(idsOf(await bench.doctor()), ['node-gone']);
});

it('when its Node is gone and its module as well, the agent must be installed from where that is now', async (t) => {
  const bench = await launchdBench(t);
  const node = await ownNode(t);
  await bench.install({ node });
  rmSync(node);
  rmSync(bench.module);
  await isLeft(t, bench, 'node-gone', /Its module is gone as well: .*agent\.ts\. Install it from where it is now/);
});

it('a Node that goes with the next version is a notice', async (t) => {
  const bench = await launchdBench(t);
  const node = await ownNode(t, '.nvm/versions/node/v26.0.0/bin/node');
  await bench.install({ node });
  const found = await bench.doctor({ fix: true });
  t.deepEqual(idsOf(found), ['node-versioned']);
  t.like(found[0], { severity: 'notice', label: bench.label, canFix: false, fixed: undefined });
  t.regex(found[0]?.message ?? '', /nvm removes this version/);
  t.regex(found[0]?.hint ?? '', /--copy-node/);
});

it('whatever of its program is gone, an agent is installed again from its module', async (t) => {
  const bench = await launchdBench(t);
  await bench.install({ agent: SHORT });
  const { current } = bench.layout;
  const entry = readRecord(bench.layout)?.entry ?? '';
  for (const [what, path] of [
    ['the program', () => join(current, 'launchpool.cjs')],
    ['the module', () => join(current, entry)],
    ['a package', () => join(current, 'node_modules/koffi')],
    ['the version', () => realpathSync(current)],
    ['the link to it', () => current],
  ] as const) {
    await bench.idle();
    await rm(path(), { recursive: true });
    const [found] = await isMended(t, bench, ['program-gone']);
    t.regex(found?.message ?? '', /^there is no /, what);
  }
});

it('when the program is gone and its Node as well, both are mended', async (t) => {
  const bench = await launchdBench(t);
  const node = await ownNode(t);
  await bench.install({ agent: SHORT, node });
  await bench.idle();
  rmSync(node);
  await rm(realpathSync(bench.layout.current), { recursive: true });
  await isMended(t, bench, ['node-gone', 'program-gone']);
});

it('when the program is gone and the module as well, the agent must be installed from where that is now', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  rmSync(join(bench.layout.current, 'launchpool.cjs'));
  rmSync(bench.module);
  await isLeft(t, bench, 'program-gone', /Its module is gone as well: .*agent\.ts\. Install it from where it is now/);
});

it('when the module cannot be installed any more, the doctor says why', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  rmSync(join(bench.layout.current, 'launchpool.cjs'));
  await writeFile(bench.module, 'export const = 1;');
  const before = readdirSync(bench.layout.versions, { recursive: true }).sort();
  const [found] = await bench.doctor({ fix: true });
  t.like(found, { id: 'program-gone', canFix: true, fixed: false });
  t.regex(found?.failure ?? '', /agent\.ts/);
  // What was left of it is there again.
  t.deepEqual(readdirSync(bench.layout.versions, { recursive: true }).sort(), before);
  t.true(existsSync(join(bench.layout.current, 'runtime/check.js')));
});

it('an agent whose key is gone cannot be looked at, and others can', async (t) => {
  const bench = await launchdBench(t);
  const key = join(await tempDir(t), 'key');
  await writeFile(key, 'secret', { mode: 0o600 });
  await bench.install({ agent: { 'authkey-file': key } });
  const other = { label: 'com.example.another' };
  await bench.install(other);
  rmSync(join(dirname(bench.layout.folder), other.label, 'current'));
  rmSync(key);
  await isLeft(t, bench, 'options-invalid', /openssl rand/);
  const found = await bench.doctor({ label: undefined });
  t.deepEqual(
    found.map(({ id, label }) => [id, label]),
    [
      ['program-gone', other.label],
      ['options-invalid', bench.label],
    ],
  );
});

it('what is no agent of ours is left alone, and said so', async (t) => {
  const bench = await launchdBench(t);
  await t.throwsAsync(bench.doctor(), { code: 'ERR_LAUNCHPOOL_NOT_INSTALLED' });
  t.deepEqual(await bench.doctor({ label: undefined }), []);
});

it('a record that says what is there is not changed by a look at it', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  const before = readFileSync(bench.layout.record);
  await bench.doctor({ fix: true });
  t.deepEqual(readFileSync(bench.layout.record), before);
});
