/** An installed agent runs what it was installed from: a source that has changed since is named where the agent is looked at. */
import { rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import { statusText } from '../../../src/cli/status-text.ts';
import { status } from '../../../src/control/status.ts';
import { doctor } from '../../../src/install/doctor/doctor.ts';
import { restart } from '../../../src/install/restart.ts';
import { upgrade } from '../../../src/install/upgrade.ts';
import { changedSources, changeNote, sourceStates } from '../../../src/installed/changed-sources.ts';
import { readRecord } from '../../../src/installed/record.ts';
import { ask, createInstallBench, LABEL, moduleOf } from '../../helpers/install-bench.ts';
import { tempDir } from '../../helpers/temp-dir.ts';

test('a source has changed when its text differs; its time alone, and its absence, change nothing', async (t) => {
  const folder = await tempDir(t);
  const [a, b] = [join(folder, 'a.ts'), join(folder, 'b.ts')];
  await writeFile(a, 'one');
  await writeFile(b, 'two');
  const states = sourceStates([a, b]);
  t.deepEqual(changedSources(states), []);
  t.deepEqual(changedSources(undefined), []);
  await utimes(a, new Date(5), new Date(5));
  t.deepEqual(changedSources(states), []);
  await writeFile(a, 'ONE');
  t.deepEqual(changedSources(states), [a]);
  await writeFile(a, 'one');
  await writeFile(b, 'longer');
  t.deepEqual(changedSources(states), [b]);
  await rm(b);
  t.deepEqual(changedSources(states), []);
});

test('the note names a source, and how many others', (t) => {
  t.is(changeNote('com.x', []), undefined);
  t.is(changeNote('com.x', ['/p/a.ts']), 'a.ts has changed since com.x was installed: launchpool upgrade com.x');
  t.is(
    changeNote('com.x', ['/p/a.ts', '/p/b.ts', '/p/c.ts']),
    'a.ts and 2 other sources have changed since com.x was installed: launchpool upgrade com.x',
  );
});

test('status, doctor and restart name the changed source until the upgrade, also for a comment', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const { socket } = await bench.install();
  const { module } = readRecord(bench.layout) ?? {};
  const note = new RegExp(`agent.* has changed since ${LABEL} was installed: launchpool upgrade ${LABEL}`);
  const findings = async (): Promise<string[]> =>
    (await doctor(bench.options)).filter(({ id }) => id === 'source-changed').map(({ message }) => message);
  t.is((await status(bench.options)).changed, undefined);
  t.deepEqual(await findings(), []);
  for (const text of [moduleOf(2), `${moduleOf(2)}\n// A comment.\n`]) {
    await bench.write(text);
    const found = await status(bench.options);
    t.deepEqual(found.changed, [module as string]);
    t.regex(statusText(found), note);
    t.regex((await findings()).join(), note);
    t.deepEqual((await restart(bench.options)).changed, [module as string]);
    await upgrade(bench.options);
    t.is((await status(bench.options)).changed, undefined);
    t.deepEqual((await restart(bench.options)).changed, []);
    t.is(await ask(socket, 'version'), 2);
  }
  await rm(dirname(module as string), { recursive: true });
  t.is((await status(bench.options)).changed, undefined);
});
