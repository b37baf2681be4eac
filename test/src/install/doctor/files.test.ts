/** The doctor's checks of an agent's Node and program, and their fixes. */

import { existsSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { readRecord } from '../../../../src/installed/record.ts';
import { lastingNode } from '../../../helpers/lasting-node.ts';
import { declareWith } from '../../../helpers/not-tested.ts';
import { tempDir } from '../../../helpers/temp-dir.ts';
import { type Bench, expectFixed, idsOf, launchdBench, ownNode, SHORT } from './bench.ts';

const it = declareWith(test.serial);

/** Expects a finding without a fix, with a hint. */
async function expectHint(t: ExecutionContext, bench: Bench, id: string, hint: RegExp): Promise<void> {
  for (const fix of [false, true]) {
    const found = await bench.doctor({ fix });
    t.deepEqual(idsOf(found), [id]);
    t.like(found[0], { severity: 'problem', label: bench.label, canFix: false, fixed: undefined });
    t.regex(found[0]?.hint ?? '', hint);
  }
}

it('an agent without its Node is installed again with the Node that runs the doctor', async (t) => {
  const bench = await launchdBench(t);
  const node = await ownNode(t);
  await bench.install({ agent: SHORT, node });
  await bench.idle();
  rmSync(node);
  const [found] = await expectFixed(t, bench, ['node-gone']);
  t.is(found?.message, `the Node that runs the agent is missing or not executable: ${node}`);
  t.is(readRecord(bench.layout)?.node.path, lastingNode());
});

it('a Node that is not executable counts as missing', async (t) => {
  const bench = await launchdBench(t);
  const node = await ownNode(t);
  await bench.install({ node });
  await chmod(node, 0o644);
  t.deepEqual(idsOf(await bench.doctor()), ['node-gone']);
});

it('without its Node and its module, the hint asks for the module’s new path', async (t) => {
  const bench = await launchdBench(t);
  const node = await ownNode(t);
  await bench.install({ node });
  rmSync(node);
  rmSync(bench.module);
  await expectHint(
    t,
    bench,
    'node-gone',
    /The module is missing too: .*agent\.ts\. Install the agent from the module's new path/,
  );
});

it('a Node in the folder of a version manager is a notice', async (t) => {
  const bench = await launchdBench(t);
  const node = await ownNode(t, '.nvm/versions/node/v26.0.0/bin/node');
  await bench.install({ node });
  const found = await bench.doctor({ fix: true });
  t.deepEqual(idsOf(found), ['node-versioned']);
  t.like(found[0], { severity: 'notice', label: bench.label, canFix: false, fixed: undefined });
  t.regex(found[0]?.message ?? '', /nvm removes this version/);
  t.regex(found[0]?.hint ?? '', /--copy-node/);
});

it('an agent with a missing part of its program is installed again from its module', async (t) => {
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
    const [found] = await expectFixed(t, bench, ['program-gone']);
    t.regex(found?.message ?? '', /^missing: /, what);
  }
});

it('a file of the module’s facts that is missing or has been changed is written again', async (t) => {
  const bench = await launchdBench(t);
  await bench.install({ agent: SHORT });
  const path = join(realpathSync(bench.layout.current), 'launchpool-module.json');
  const before = readFileSync(path, 'utf8');
  for (const [change, message] of [
    [() => rm(path), `${path} is missing`],
    [() => writeFile(path, before.replace('"rpc"', '"raw"')), `${path} has been changed`],
    [() => writeFile(path, before.slice(0, 20)), `${path} has been changed`],
  ] as const) {
    await bench.idle();
    await change();
    const [found] = await expectFixed(t, bench, ['file-changed']);
    t.is(found?.message, message);
    t.is(readFileSync(path, 'utf8'), before);
  }
  await rm(path);
  t.is((await bench.install({ agent: SHORT })).outcome, 'unchanged');
  t.is(readFileSync(path, 'utf8'), before);
});

it('a missing program and a missing Node are both fixed', async (t) => {
  const bench = await launchdBench(t);
  const node = await ownNode(t);
  await bench.install({ agent: SHORT, node });
  await bench.idle();
  rmSync(node);
  await rm(realpathSync(bench.layout.current), { recursive: true });
  await expectFixed(t, bench, ['node-gone', 'program-gone']);
});

it('without its program and its module, the hint asks for the module’s new path', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  rmSync(join(bench.layout.current, 'launchpool.cjs'));
  rmSync(bench.module);
  await expectHint(
    t,
    bench,
    'program-gone',
    /The module is missing too: .*agent\.ts\. Install the agent from the module's new path/,
  );
});

it('a fix that fails reports its error and restores the files', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  rmSync(join(bench.layout.current, 'launchpool.cjs'));
  await writeFile(bench.module, 'export const = 1;');
  const before = readdirSync(bench.layout.versions, { recursive: true }).sort();
  const [found] = await bench.doctor({ fix: true });
  t.like(found, { id: 'program-gone', canFix: true, fixed: false });
  t.regex(found?.failure ?? '', /agent\.ts/);
  // The incomplete version is restored.
  t.deepEqual(readdirSync(bench.layout.versions, { recursive: true }).sort(), before);
  t.true(existsSync(join(bench.layout.current, 'runtime/check.js')));
});

it('an agent without its key has one finding, and other agents are checked', async (t) => {
  const bench = await launchdBench(t);
  const key = join(await tempDir(t), 'key');
  await writeFile(key, 'secret', { mode: 0o600 });
  await bench.install({ agent: { 'authkey-file': key } });
  const other = { label: 'com.example.another' };
  await bench.install(other);
  rmSync(join(dirname(bench.layout.folder), other.label, 'current'));
  rmSync(key);
  await expectHint(t, bench, 'options-invalid', /openssl rand/);
  const found = await bench.doctor({ label: undefined });
  t.deepEqual(
    found.map(({ id, label }) => [id, label]),
    [
      ['program-gone', other.label],
      ['options-invalid', bench.label],
    ],
  );
});

it('a label that is not installed is an error', async (t) => {
  const bench = await launchdBench(t);
  await t.throwsAsync(bench.doctor(), { code: 'ERR_LAUNCHPOOL_NOT_INSTALLED' });
  t.deepEqual(await bench.doctor({ label: undefined }), []);
});

it('a correct record is not changed', async (t) => {
  const bench = await launchdBench(t);
  await bench.install();
  const before = readFileSync(bench.layout.record);
  await bench.doctor({ fix: true });
  t.deepEqual(readFileSync(bench.layout.record), before);
});
