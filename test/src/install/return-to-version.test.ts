/** Versions that are kept, and the return to one of them. test/conformance holds every supervisor to the rest. */
import { chmodSync, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { doctor } from '../../../src/install/doctor/doctor.ts';
import { rollback } from '../../../src/install/return-to-version.ts';
import { uninstall } from '../../../src/install/uninstall.ts';
import { upgrade } from '../../../src/install/upgrade.ts';
import { versions } from '../../../src/installed/agent-versions.ts';
import { type InstallRecord, readRecord } from '../../../src/installed/record.ts';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { ask, createInstallBench, type InstallBench, moduleOf } from '../../helpers/install-bench.ts';
import { ownNode } from './doctor/bench.ts';

const NOT_KEPT = { code: 'ERR_LAUNCHPOOL_VERSION_NOT_KEPT' };

async function benchOf(t: ExecutionContext): Promise<InstallBench> {
  return (await createInstallBench(t, 'embedded')) as InstallBench;
}

/** Installs versions 1 to `count`. @returns their ids. */
async function installVersions(bench: InstallBench, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let version = 1; version <= count; version += 1) {
    await bench.write(moduleOf(version));
    ids.push((await bench.install()).id);
  }
  return ids;
}

const idsOf = async ({ options }: InstallBench): Promise<string[]> => (await versions(options)).map(({ id }) => id);

test.serial(
  'three versions are kept, --keep says otherwise, also for upgrades, and uninstall removes all',
  async (t) => {
    const bench = await benchOf(t);
    const empty = bench.traces();
    const [, second, third, fourth] = await installVersions(bench, 4);
    t.deepEqual(await idsOf(bench), [fourth, third, second]);
    t.deepEqual(readdirSync(bench.layout.versions).sort(), [fourth, third, second].sort());
    const pid = await ask(bench.layout.sockets.agent, 'pid');
    t.is((await bench.install({ keep: 2 })).outcome, 'unchanged');
    t.deepEqual(await idsOf(bench), [fourth, third]);
    t.is(await ask(bench.layout.sockets.agent, 'pid'), pid);
    const { label, host, supervisor } = bench.options;
    await bench.write(moduleOf(5));
    const { id: fifth } = await upgrade({ label, host, supervisor });
    t.deepEqual(await idsOf(bench), [fifth, fourth]);
    await bench.write(moduleOf(6));
    const { id: sixth } = await upgrade({ label, host, supervisor, keep: 1 });
    t.deepEqual(await idsOf(bench), [sixth]);
    await t.throwsAsync(rollback(bench.options), NOT_KEPT);
    for (const keep of [0, 1.5, 101, -1])
      await t.throwsAsync(bench.install({ keep }), { code: 'ERR_LAUNCHPOOL_OPTION_INVALID' }, String(keep));
    await uninstall(bench.options);
    t.deepEqual(bench.traces(), empty);
  },
);

test.serial('a failed upgrade removes no version, and keeps none of its own', async (t) => {
  const bench = await benchOf(t);
  await installVersions(bench, 3);
  const before = bench.traces();
  for (const failure of ['true', 'process.execArgv.length > 0']) {
    await bench.write(`${moduleOf(4)} export function setup() { if (${failure}) throw new Error('no'); }`);
    await bench.failure(t);
    t.deepEqual(bench.traces(), before);
  }
});

test.serial('a version is chosen by its id, or by the first characters of it', async (t) => {
  const bench = await benchOf(t);
  const [first, second, third] = (await installVersions(bench, 3)) as [string, string, string];
  const { agent: socket } = bench.layout.sockets;
  // As many characters as tell it from the others.
  const length = [...first].findIndex((_, at) =>
    [second, third].every((other) => !other.startsWith(first.slice(0, at + 1))),
  );
  t.like(await rollback({ ...bench.options, to: first.slice(0, length + 1) }), { id: first, from: third });
  t.is(await ask(socket, 'version'), 1);
  t.deepEqual(await idsOf(bench), [first, third, second]);
  const before = bench.traces();
  t.like(await rollback({ ...bench.options, to: first }), { outcome: 'unchanged', id: first, from: first });
  for (const to of ['', 'no', '../x', `${first}0`]) {
    const error = await t.throwsAsync<LaunchpoolError>(rollback({ ...bench.options, to }), NOT_KEPT, to);
    t.regex(error.hint ?? '', /launchpool versions com\.example\.bench/);
  }
  t.deepEqual(bench.traces(), before);
  // What was rolled back is one of the versions: the next upgrade keeps it.
  await bench.write(moduleOf(4));
  const { id: fourth } = await upgrade(bench.options);
  t.deepEqual(await idsOf(bench), [fourth, first, third]);
});

test.serial('an upgrade to the text of a kept version is that version again', async (t) => {
  const bench = await benchOf(t);
  const [first, second] = (await installVersions(bench, 2)) as [string, string];
  await bench.write(moduleOf(1));
  t.is((await upgrade(bench.options)).id, first);
  t.deepEqual(await idsOf(bench), [first, second]);
  t.is((await rollback(bench.options)).id, second);
  t.is(await ask(bench.layout.sockets.agent, 'version'), 2);
});

test.serial(
  'an agent of an earlier launchpool has no version to return to, and keeps its own at the next upgrade',
  async (t) => {
    const bench = await benchOf(t);
    const [first] = await installVersions(bench, 1);
    const record = JSON.parse(readFileSync(bench.layout.record, 'utf8'));
    const { installedAt: _installedAt, ...earlier } = record;
    await writeFile(bench.layout.record, JSON.stringify(earlier));
    const error = await t.throwsAsync<LaunchpoolError>(rollback(bench.options), NOT_KEPT);
    t.regex(error.message, /no earlier version of com\.example\.bench is kept/);
    const installedAt = (await versions(bench.options))[0]?.installedAt as string;
    t.is(installedAt, statSync(bench.layout.record).mtime.toISOString());
    await bench.write(moduleOf(2));
    await upgrade(bench.options);
    const [, kept] = await versions(bench.options);
    t.like(kept, { id: first, isCurrent: false, installedAt, module: bench.module });
    await rollback(bench.options);
    t.is(await ask(bench.layout.sockets.agent, 'version'), 1);
  },
);

test.serial('a version comes back with its Node, also with a copy of it, and its time of installation', async (t) => {
  const bench = await benchOf(t);
  const other = await ownNode(t);
  await bench.install({ copyNode: true });
  const before = readRecord(bench.layout) as InstallRecord;
  const { path: copied } = before.node;
  t.true(copied.startsWith(bench.layout.nodes));
  await bench.write(moduleOf(2));
  await bench.install({ node: other });
  t.true(existsSync(copied));
  await rollback(bench.options);
  t.like(readRecord(bench.layout), {
    node: { path: copied },
    installedAt: before.installedAt,
    options: { copyNode: true },
  });
  await rollback(bench.options);
  t.is(readRecord(bench.layout)?.node.path, other);
  // Without the version that needs it, the copy goes.
  await bench.install({ node: other, keep: 1 });
  t.false(existsSync(copied));
});

test.serial('what a version needs and is gone is named, and the agent stays as it is', async (t) => {
  const bench = await benchOf(t);
  const key = join(bench.home, 'key');
  const node = await ownNode(t);
  const { id } = await bench.install({ node, agent: { 'authkey-file': key } });
  await bench.write(moduleOf(2));
  const { socket } = await bench.install();
  const folder = join(bench.layout.versions, id);
  const parked = `${bench.home}-parked`;
  await mkdir(parked);
  for (const [path, code, text] of [
    [key, 'ERR_LAUNCHPOOL_OPTION_INVALID', /the key of version .* is missing/],
    [node, 'ERR_LAUNCHPOOL_NODE_UNFIT', /the Node of version .* is missing/],
    [join(folder, 'launchpool.cjs'), 'ERR_LAUNCHPOOL_VERSION_NOT_KEPT', /is not complete/],
  ] as const) {
    await copyFile(path, join(parked, 'file'));
    const { mode } = statSync(path);
    await rm(path);
    const before = bench.traces();
    const error = await t.throwsAsync<LaunchpoolError>(rollback(bench.options), { code });
    t.regex(error.message, text);
    t.truthy(error.hint);
    t.deepEqual(bench.traces(), before);
    t.is(await ask(socket, 'version'), 2);
    await writeFile(path, readFileSync(join(parked, 'file')), { mode });
  }
  await rm(parked, { recursive: true });
  // A damaged file makes it a folder that is not kept.
  const file = join(folder, 'launchpool-version.json');
  t.is(statSync(file).mode & 0o777, 0o600);
  const text = readFileSync(file, 'utf8');
  for (const damaged of ['', 'null', '{"format":2}', text.replaceAll(id, 'other'), text.slice(0, -20)]) {
    await writeFile(file, damaged);
    await t.throwsAsync(rollback(bench.options), NOT_KEPT, damaged);
  }
  await writeFile(file, text);
  t.is((await rollback(bench.options)).id, id);
});

test.serial('doctor finds nothing wrong with kept versions, but for what others can read', async (t) => {
  const bench = await createInstallBench(t, 'launchd');
  if (bench === undefined) return;
  await installVersions(bench, 3);
  const { label, host } = bench.options;
  const found = async (fix = false) => (await doctor({ label, host, fix })).filter((each) => each.label === label);
  t.deepEqual(await found(), []);
  const [, kept] = await idsOf(bench);
  const file = join(bench.layout.versions, kept as string, 'launchpool-version.json');
  chmodSync(file, 0o644);
  t.like(await found(true), [{ id: 'mode-too-wide', fixed: true }]);
  t.is(statSync(file).mode & 0o777, 0o600);
});

test.serial('a rollback after an upgrade that was killed returns to the version that served before it', async (t) => {
  const bench = await benchOf(t);
  const [first, second] = (await installVersions(bench, 2)) as [string, string];
  const record = JSON.parse(readFileSync(bench.layout.record, 'utf8'));
  // The record of the new version was written, and the supervisor did not read its files.
  await writeFile(bench.layout.record, JSON.stringify({ ...record, isUnderWay: true }));
  t.like(await rollback(bench.options), { outcome: 'rolled-back', from: second, id: first });
  t.is(await ask(bench.layout.sockets.agent, 'version'), 1);
  t.is(readRecord(bench.layout)?.isUnderWay, undefined);
  // The other one was never proven.
  t.deepEqual(await idsOf(bench), [first]);
});
