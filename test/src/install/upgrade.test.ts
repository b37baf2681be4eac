/** Repeated installations of an agent: changes are applied, and interrupted installations are completed. */
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
import { ask, createInstallBench, type InstallBench, type Kind, LABEL, moduleOf } from '../../helpers/install-bench.ts';
import { RECHECK_MS } from '../../helpers/until.ts';

const KINDS: readonly Kind[] = ['launchd', 'embedded', 'systemd'];

for (const kind of KINDS) {
  test.serial(`${kind}: upgrade() applies changes of the module and keeps the options`, async (t) => {
    const bench = await createInstallBench(t, kind);
    if (bench === undefined) return;
    const { socket, id } = await bench.install({ agent: { threads: 1 }, env: { GREETING: 'hello' } });
    t.is((await upgrade(bench.options)).outcome, 'unchanged');
    await bench.write(`${moduleOf(2)} export const greeting = (): string | undefined => process.env.GREETING;`);
    const { outcome, methods } = await upgrade(bench.options);
    t.deepEqual([outcome, methods], ['upgraded', ['greeting', 'pid', 'version']]);
    t.is(await ask(socket, 'version'), 2);
    const { options, hash } = readRecord(bench.layout) ?? {};
    t.like(options, { agent: { threads: 1 }, env: { GREETING: 'hello' } });
    t.deepEqual(readdirSync(bench.layout.versions).sort(), [id, hash].sort());
  });

  test.serial(`${kind}: other options replace the process and keep the version`, async (t) => {
    const bench = await createInstallBench(t, kind);
    if (bench === undefined) return;
    const { socket } = await bench.install();
    const before = await ask(socket, 'pid');
    const versions = readdirSync(bench.layout.versions);
    t.is((await bench.install({ agent: { threads: 1 } })).outcome, 'upgraded');
    t.not(await ask(socket, 'pid'), before);
    t.deepEqual(readdirSync(bench.layout.versions), versions);
    t.is((await bench.install({ agent: { threads: 1 } })).outcome, 'unchanged');
  });

  test.serial(
    `${kind}: an installation that was killed before the supervisor read its files is completed`,
    async (t) => {
      const bench = await createInstallBench(t, kind);
      if (bench === undefined) return;
      const { socket } = await bench.install({ env: { GREETING: 'hello' } });
      const before = await ask(socket, 'pid');
      markUnderWay(bench);
      t.is((await bench.install({ env: { GREETING: 'hello' } })).outcome, 'upgraded');
      t.not(await ask(socket, 'pid'), before);
      t.is(readRecord(bench.layout)?.isUnderWay, undefined);
      t.is((await bench.install({ env: { GREETING: 'hello' } })).outcome, 'unchanged');
    },
  );

  test.serial(`${kind}: a failing installation does not damage an agent with a damaged record`, async (t) => {
    const bench = await createInstallBench(t, kind);
    if (bench === undefined) return;
    const { socket } = await bench.install();
    await writeFile(bench.layout.record, '{"format":1}');
    const before = bench.traces();
    const pid = await ask(socket, 'pid');
    for (const failure of ["throw new Error('no');", "process.kill(process.pid, 'SIGKILL');"]) {
      await bench.write(`${moduleOf(2)} export function setup() { ${failure} }`);
      t.is((await bench.failure(t)).data.step, 'module');
      t.deepEqual(bench.traces(), before);
      // The agent is not dismissed for a version whose setup fails.
      t.is(await ask(socket, 'pid'), pid);
    }
    await bench.write(
      `${moduleOf(2)} export function setup() { if (process.execArgv.length > 0) throw new Error('no'); }`,
    );
    t.is((await bench.failure(t)).data.step, 'verify');
    t.deepEqual(bench.traces(), before);
    t.is(await ask(socket, 'version'), 1);
    await bench.write(moduleOf(3));
    t.is((await bench.install()).outcome, 'upgraded');
    t.is(await ask(socket, 'version'), 3);
  });
}

for (const kind of ['launchd', 'embedded'] as const) {
  test.serial(`${kind}: a process that a client starts during an upgrade is replaced`, async (t) => {
    const bench = await createInstallBench(t, kind);
    if (bench === undefined) return;
    const agent = { 'min-uptime': 1.2 };
    const { socket } = await bench.install({ agent });
    const { supervisor } = placeOf(bench.options);
    await supervisor.dismiss(LABEL);
    while ((await supervisor.status(LABEL)).state !== 'idle') await wait(RECHECK_MS);
    let before: number | undefined;
    const withClient: Supervisor = {
      ...supervisor,
      async status(label) {
        const found = await supervisor.status(label);
        before ??= await ask(socket, 'pid');
        return found;
      },
    };
    await bench.write(moduleOf(2));
    t.is((await bench.install({ agent, supervisor: withClient })).outcome, 'upgraded');
    t.is(await ask(socket, 'version'), 2);
    t.not(await ask(socket, 'pid'), before);
  });
}

/** The state after an installation that was killed between the record and the supervisor. */
function markUnderWay({ layout }: InstallBench): void {
  const record = JSON.parse(readFileSync(layout.record, 'utf8'));
  writeFileSync(layout.record, JSON.stringify({ ...record, isUnderWay: true }));
}

test.serial('an upgrade without the module fails and names it, and the agent keeps answering', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
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

test.serial('upgrade() treats a damaged record as not installed, and install() repairs it', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  await bench.install();
  for (const [what, text] of [
    ['cut off', '{"format":1,'],
    ['empty', ''],
    ['of another format', '{"format":2}'],
    ['not an object', 'null'],
    ['incomplete', '{"format":1,"label":"com.example.bench","module":"/a.ts"}'],
  ] as const) {
    await writeFile(bench.layout.record, text);
    const calling = async (): Promise<unknown> => upgrade(bench.options);
    await t.throwsAsync(calling(), { code: 'ERR_LAUNCHPOOL_NOT_INSTALLED' }, what);
    await bench.install();
    t.is((await upgrade(bench.options)).outcome, 'unchanged', what);
  }
});

test.serial('relative paths of the options are recorded as absolute paths', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
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
  'the unfinished files of a killed installation are removed by the next one, also if it changes nothing',
  async (t) => {
    const bench = await createInstallBench(t, 'embedded');
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
