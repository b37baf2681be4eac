/** An agent that is installed once more: what has changed is taken over, and what was cut short is made good. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import test from 'ava';
import type { Supervisor } from '../../../job/supervisor.ts';
import { uninstall } from '../../../src/install/uninstall.ts';
import { upgrade } from '../../../src/install/upgrade.ts';
import { placeOf } from '../../../src/installed/place.ts';
import { readRecord } from '../../../src/installed/record.ts';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { ask, type InstallBench, type Kind, LABEL, layBench, moduleOf } from '../../helpers/install-bench.ts';
import { RECHECK_MS } from '../../helpers/until.ts';

const KINDS: readonly Kind[] = ['launchd', 'embedded', 'systemd'];

for (const kind of KINDS) {
  test.serial(`${kind}: upgrade() takes over what has changed in the module, and keeps the options`, async (t) => {
    const bench = await layBench(t, kind);
    if (bench === undefined) return;
    const { socket } = await bench.install({ agent: { threads: 1 }, env: { GREETING: 'hello' } });
    t.is((await upgrade(bench.options)).outcome, 'unchanged');
    await bench.write(`${moduleOf(2)} export const greeting = (): string | undefined => process.env.GREETING;`);
    const { outcome, methods } = await upgrade(bench.options);
    t.deepEqual([outcome, methods], ['upgraded', ['greeting', 'pid', 'version']]);
    t.is(await ask(socket, 'version'), 2);
    const { options, hash } = readRecord(bench.layout) ?? {};
    t.like(options, { agent: { threads: 1 }, env: { GREETING: 'hello' } });
    t.deepEqual(readdirSync(bench.layout.versions), [hash]);
  });

  test.serial(`${kind}: other options alone have another process answer, of the same version`, async (t) => {
    const bench = await layBench(t, kind);
    if (bench === undefined) return;
    const { socket } = await bench.install();
    const before = await ask(socket, 'pid');
    const versions = readdirSync(bench.layout.versions);
    t.is((await bench.install({ agent: { threads: 1 } })).outcome, 'upgraded');
    t.not(await ask(socket, 'pid'), before);
    t.deepEqual(readdirSync(bench.layout.versions), versions);
    t.is((await bench.install({ agent: { threads: 1 } })).outcome, 'unchanged');
  });

  test.serial(`${kind}: an installation that was killed before the supervisor knew of it is made good`, async (t) => {
    const bench = await layBench(t, kind);
    if (bench === undefined) return;
    const { socket } = await bench.install({ env: { GREETING: 'hello' } });
    const before = await ask(socket, 'pid');
    cutShort(bench);
    t.is((await bench.install({ env: { GREETING: 'hello' } })).outcome, 'upgraded');
    t.not(await ask(socket, 'pid'), before);
    t.is(readRecord(bench.layout)?.isUnderWay, undefined);
    t.is((await bench.install({ env: { GREETING: 'hello' } })).outcome, 'unchanged');
  });

  test.serial(`${kind}: of an agent with a damaged record, a failing installation takes nothing`, async (t) => {
    const bench = await layBench(t, kind);
    if (bench === undefined) return;
    const { socket } = await bench.install();
    await writeFile(bench.layout.record, '{"format":1}');
    const before = bench.traces();
    await bench.write(`${moduleOf(2)} export function setup() { throw new Error('no'); }`);
    t.is((await bench.failure(t)).data.step, 'verify');
    t.deepEqual(bench.traces(), before);
    t.is(await ask(socket, 'version'), 1);
    await bench.write(moduleOf(3));
    t.is((await bench.install()).outcome, 'upgraded');
    t.is(await ask(socket, 'version'), 3);
  });
}

for (const kind of ['launchd', 'embedded'] as const) {
  test.serial(
    `${kind}: an agent that somebody starts while its next version is put in place gives way to it`,
    async (t) => {
      const bench = await layBench(t, kind);
      if (bench === undefined) return;
      const agent = { 'min-uptime': 1.2 };
      const { socket } = await bench.install({ agent });
      const { supervisor } = placeOf(bench.options);
      await supervisor.dismiss(LABEL);
      while ((await supervisor.status(LABEL)).state !== 'idle') await wait(RECHECK_MS);
      let before: number | undefined;
      const knockedAt: Supervisor = {
        ...supervisor,
        async status(label) {
          const found = await supervisor.status(label);
          before ??= await ask(socket, 'pid');
          return found;
        },
      };
      await bench.write(moduleOf(2));
      t.is((await bench.install({ agent, supervisor: knockedAt })).outcome, 'upgraded');
      t.is(await ask(socket, 'version'), 2);
      t.not(await ask(socket, 'pid'), before);
    },
  );
}

/** As it is when the process ends between the record and the supervisor. */
function cutShort({ layout }: InstallBench): void {
  const record = JSON.parse(readFileSync(layout.record, 'utf8'));
  writeFileSync(layout.record, JSON.stringify({ ...record, isUnderWay: true }));
}

test.serial('a module that is gone is named, and the agent goes on answering', async (t) => {
  const bench = await layBench(t, 'embedded');
  if (bench === undefined) return;
  const { socket } = await bench.install();
  await rm(bench.module);
  const before = bench.traces();
  const error = (await t.throwsAsync(upgrade(bench.options), {
    code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED',
  })) as LaunchpoolError;
  t.true(error.message.includes(bench.module));
  t.truthy(error.hint);
  t.deepEqual(error.data, { step: 'bundle' });
  t.deepEqual(bench.traces(), before);
  t.is(await ask(socket, 'version'), 1);
});

test.serial('upgrade() says of a damaged record that nothing is installed, and install() mends it', async (t) => {
  const bench = await layBench(t, 'embedded');
  if (bench === undefined) return;
  await bench.install();
  for (const [what, text] of [
    ['cut off', '{"format":1,'],
    ['empty', ''],
    ['of another form', '{"format":2}'],
    ['no object', 'null'],
    ['without what it must have', '{"format":1,"label":"com.example.bench","module":"/a.ts"}'],
  ] as const) {
    await writeFile(bench.layout.record, text);
    const calling = async (): Promise<unknown> => upgrade(bench.options);
    await t.throwsAsync(calling(), { code: 'ERR_LAUNCHPOOL_NOT_INSTALLED' }, what);
    await bench.install();
    t.is((await upgrade(bench.options)).outcome, 'unchanged', what);
  }
});

test.serial('paths among the options are kept as they were meant where they were given', async (t) => {
  const bench = await layBench(t, 'embedded');
  if (bench === undefined) return;
  const key = join(bench.home, 'key');
  await writeFile(key, 'secret', { mode: 0o600 });
  const { relative } = await import('node:path');
  const given = (path: string): string => relative(process.cwd(), path);
  await bench.install({
    module: given(bench.module),
    workingDirectory: given(bench.home),
    agent: { 'authkey-file': given(key) },
  });
  const { module, options } = readRecord(bench.layout) ?? {};
  t.is(module, bench.module);
  t.like(options, { workingDirectory: bench.home, agent: { 'authkey-file': key } });
});

test.serial(
  'what an installation that was killed has left is tidied by the next, whether it changes anything or not',
  async (t) => {
    const bench = await layBench(t, 'embedded');
    if (bench === undefined) return;
    await bench.install();
    const before = bench.traces();
    const { versions, current, record } = bench.layout;
    await mkdir(join(versions, '.unfinished-0123-4711', 'node_modules'), { recursive: true });
    await writeFile(`${current}.4711`, '');
    await writeFile(`${record}.2568189831`, '');
    t.is((await bench.install()).outcome, 'unchanged');
    t.deepEqual(bench.traces(), before);
    await uninstall(bench.options);
  },
);
