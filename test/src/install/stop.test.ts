/** Agents that are stopped on purpose, beside what test/conformance holds every supervisor to. */
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import type { Supervisor } from '../../../job/supervisor.ts';
import { callControl } from '../../../src/control/call.ts';
import { observe } from '../../../src/control/observe.ts';
import { list, status } from '../../../src/control/status.ts';
import { createEmbedded } from '../../../src/holder/embedded.ts';
import { doctor } from '../../../src/install/doctor/doctor.ts';
import { dryRun } from '../../../src/install/dry-run.ts';
import { install } from '../../../src/install/install.ts';
import { lockFolder } from '../../../src/install/lock.ts';
import { rollback } from '../../../src/install/return-to-version.ts';
import { start } from '../../../src/install/start.ts';
import { stop } from '../../../src/install/stop.ts';
import { uninstall } from '../../../src/install/uninstall.ts';
import { upgrade } from '../../../src/install/upgrade.ts';
import { versions } from '../../../src/installed/agent-versions.ts';
import { placeOf } from '../../../src/installed/place.ts';
import { LaunchpoolError } from '../../../wire/errors.ts';
import { pidAt } from '../../helpers/agent-process.ts';
import { ask, createInstallBench, type Kind, LABEL, moduleOf } from '../../helpers/install-bench.ts';
import { lastingNode } from '../../helpers/lasting-node.ts';
import { openSystemd, type SystemdSession } from '../../helpers/systemd-session.ts';
import { removeFolder, SHORT_TEMP } from '../../helpers/temp-dir.ts';

for (const [verb, action] of Object.entries({ stop, start, rollback, versions })) {
  test(`${verb} of a label without an agent says so, and leaves nothing`, async (t) => {
    const bench = await createInstallBench(t, 'embedded');
    if (bench === undefined) return;
    const { label, host, supervisor } = bench.options;
    const before = bench.traces();
    const error = await t.throwsAsync<LaunchpoolError>(async () => action({ label, host, supervisor }), {
      code: 'ERR_LAUNCHPOOL_NOT_INSTALLED',
    });
    t.is(error.message, `no agent is installed as ${LABEL}`);
    t.deepEqual(bench.traces(), before);
  });
}

test.serial('stop, start and rollback wait for another installation of the label', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  await bench.install();
  await bench.write(moduleOf(2));
  await bench.install();
  const { label, host, supervisor } = bench.options;
  for (const [action, outcome] of [
    [stop, 'stopped'],
    [start, 'started'],
    [rollback, 'rolled-back'],
  ] as const) {
    const before = bench.traces();
    const unlock = await lockFolder(bench.layout.folder);
    let isDone = false;
    const acting = action({ label, host, supervisor }).finally(() => {
      isDone = true;
    });
    // The lock is asked for again and again: another that is got in between shows that this one is not.
    await t.throwsAsync(lockFolder(bench.layout.folder, { timeoutMs: 300 }), { code: 'ERR_LAUNCHPOOL_INSTALL_FAILED' });
    t.deepEqual([isDone, bench.traces()], [false, before]);
    unlock();
    t.is((await acting).outcome, outcome);
  }
});

test.serial('a stop that the supervisor refuses leaves the agent running and unmarked', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const { socket } = await bench.install();
  const { supervisor } = placeOf(bench.options);
  const pid = await ask(socket, 'pid');
  const before = bench.traces();
  const enabled: string[] = [];
  const refusing: Supervisor = {
    ...supervisor,
    unload: async () => {
      throw new LaunchpoolError('ERR_LAUNCHPOOL_SUPERVISOR_FAILED', 'no');
    },
    enable: async (label) => void enabled.push(label),
  };
  const error = await t.throwsAsync<LaunchpoolError & { data: { step: string } }>(
    stop({ ...bench.options, supervisor: refusing }),
    { code: 'ERR_LAUNCHPOOL_SUPERVISOR_FAILED' },
  );
  t.is(error.data.step, 'unload');
  t.notRegex(error.message, /could not be undone/);
  t.deepEqual([bench.traces(), enabled], [before, [LABEL]]);
  t.is(await ask(socket, 'pid'), pid);
});

test.serial('systemd: a stopped agent stays stopped in the next user manager, another one does not', async (t) => {
  t.timeout(180_000);
  const folder = await mkdtemp(join(SHORT_TEMP, 'lp-'));
  const home = join(folder, 'h');
  const closes: (() => Promise<void>)[] = [];
  t.teardown(async () => {
    for (const close of closes) await close();
    await removeFolder(folder);
  });
  const boot = (): Promise<SystemdSession | undefined> => openSystemd(t, home, (close) => closes.push(close));
  const first = await boot();
  if (first === undefined) return;
  const module = join(folder, 'agent.ts');
  await writeFile(module, moduleOf(1));
  const labels = ['com.example.stops', 'com.example.stays'] as const;
  const [stops, stays] = labels;
  for (const label of labels) await install({ module, label, node: lastingNode(), host: first.host });
  await stop({ label: stops, host: first.host });
  await first.close();

  const second = await boot();
  if (second === undefined) return;
  const { host } = second;
  const states = async (): Promise<string[]> => (await list({ host })).map(({ label, state }) => `${label} ${state}`);
  t.deepEqual(await states(), [`${stays} idle`, `${stops} stopped`]);
  t.is((await start({ label: stops, host })).outcome, 'started');
  await second.close();

  const third = await boot();
  if (third === undefined) return;
  const { socket, state } = await status({ label: stops, host: third.host });
  t.is(state, 'idle');
  t.true((await pidAt(socket)) > 0);
  for (const label of labels) await uninstall({ label, host: third.host });
});

test.serial('launchd: a stop disables the label, and neither start nor uninstall leaves it disabled', async (t) => {
  const bench = await createInstallBench(t, 'launchd');
  if (bench === undefined) return;
  const empty = bench.traces();
  await bench.install();
  const run = bench.options.host.run as NonNullable<typeof bench.options.host.run>;
  const isDisabled = async (): Promise<boolean> =>
    (await run(['/bin/launchctl', 'print-disabled', 'gui/501'])).stdout.includes(`"${LABEL}" => disabled`);
  await stop(bench.options);
  t.true(await isDisabled());
  await start(bench.options);
  t.false(await isDisabled());
  await stop(bench.options);
  t.is((await uninstall(bench.options)).outcome, 'uninstalled');
  t.false(await isDisabled());
  t.deepEqual(bench.traces(), empty);
  t.is((await bench.install()).isStopped, false);
});

test.serial('embedded: a program that installs its agent again leaves a stopped one stopped', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  const { socket } = await bench.install();
  await stop(bench.options);
  const next = createEmbedded();
  t.teardown(next.close);
  t.like(await bench.install({ supervisor: next }), { outcome: 'unchanged', isStopped: true });
  t.false(existsSync(socket));
  await start({ ...bench.options, supervisor: next });
  t.is(await ask(socket, 'version'), 1);
});

test.serial('a dry run over a stopped agent lists no command that would load it', async (t) => {
  const bench = await createInstallBench(t, 'launchd');
  if (bench === undefined) return;
  await bench.install();
  const options = { ...bench.options, agent: { threads: 1 } };
  t.true((await dryRun(options)).commands.length > 0);
  await stop(bench.options);
  const { commands, notes } = await dryRun(options);
  t.deepEqual(commands, []);
  t.true(notes.some((note) => note.includes(`launchpool start ${LABEL}`)));
});

test.serial('a failing upgrade of a stopped agent leaves it as it was', async (t) => {
  const bench = await createInstallBench(t, 'launchd');
  if (bench === undefined) return;
  const { socket } = await bench.install();
  await stop(bench.options);
  const before = [bench.traces(), bench.changes()];
  await bench.write(`${moduleOf(2)} export function setup() { throw new Error('no'); }`);
  await t.throwsAsync(upgrade(bench.options), { code: 'ERR_LAUNCHPOOL_MODULE_NOT_LOADED' });
  t.deepEqual([bench.traces(), bench.changes()], before);
  await start(bench.options);
  t.is(await ask(socket, 'version'), 1);
});

for (const kind of ['launchd', 'embedded', 'systemd'] as const satisfies readonly Kind[]) {
  test.serial(
    `${kind}: what looks at a stopped agent says that it is stopped, and doctor does not start it`,
    async (t) => {
      const bench = await createInstallBench(t, kind);
      if (bench === undefined) return;
      await bench.install();
      const { label, host, supervisor } = bench.options;
      await stop(bench.options);
      const found = await status({ label, host, supervisor });
      t.like(found, { state: 'stopped', listening: false, detail: `until launchpool start ${LABEL}` });
      t.deepEqual(
        (await list({ host, supervisor })).map(({ state }) => state),
        ['stopped'],
      );
      const observer = observe(label, { host, supervisor });
      t.like(await observer.next(1_000), { state: 'stopped', detail: found.detail });
      observer.close();
      const error = await t.throwsAsync<LaunchpoolError>(
        callControl({ target: label, method: 'reload', host, supervisor }),
        { code: 'ERR_LAUNCHPOOL_STOPPED' },
      );
      t.is(error.message, `${LABEL} is stopped: launchpool start ${LABEL}`);

      const ids = async (fix: boolean): Promise<string[]> =>
        (await doctor({ label, host, supervisor, fix })).filter((each) => each.label === label).map(({ id }) => id);
      t.deepEqual(await ids(true), []);
      const [path] = placeOf(bench.options).supervisor.pathsOf(label);
      if (path !== undefined) {
        await writeFile(path, 'damaged');
        t.deepEqual(await ids(true), ['file-changed']);
        t.deepEqual(await ids(true), []);
      }
      // A socket that a killed process has left.
      await rm(bench.layout.sockets.agent, { force: true });
      await mkdir(join(bench.layout.sockets.agent, '..'), { recursive: true });
      await writeFile(bench.layout.sockets.agent, '');
      t.deepEqual(await ids(true), ['socket-dead']);
      t.deepEqual(await ids(true), []);
      t.like(await status({ label, host, supervisor }), { state: 'stopped', listening: false });
      t.is((await start(bench.options)).outcome, 'started');
    },
  );
}

test.serial('launchd: a stopped agent that is loaded all the same is found by doctor, and --fix ends it', async (t) => {
  const bench = await createInstallBench(t, 'launchd');
  if (bench === undefined) return;
  const { socket } = await bench.install();
  const { label, host, supervisor } = bench.options;
  await stop(bench.options);
  const run = host.run as NonNullable<typeof host.run>;
  const [plist] = placeOf(bench.options).supervisor.pathsOf(label);
  // The switch in Login Items, and the next login.
  await run(['/bin/launchctl', 'enable', `gui/501/${label}`]);
  await run(['/bin/launchctl', 'bootstrap', 'gui/501', plist as string]);
  t.is(await ask(socket, 'version'), 1);
  t.is((await status({ label, host, supervisor })).state, 'running');
  const fixed = (await doctor({ label, host, supervisor, fix: true })).filter((each) => each.label === label);
  t.like(fixed, [{ id: 'not-stopped', severity: 'problem', fixed: true }]);
  t.is((await status({ label, host, supervisor })).state, 'stopped');
  // And start() takes one as it is.
  await run(['/bin/launchctl', 'enable', `gui/501/${label}`]);
  await run(['/bin/launchctl', 'bootstrap', 'gui/501', plist as string]);
  t.is((await start(bench.options)).outcome, 'started');
  t.deepEqual(
    (await doctor({ label, host, supervisor })).filter((each) => each.label === label),
    [],
  );
});

test.serial(
  'systemd: an agent whose sockets were stopped by other means is disabled, not stopped, and starts',
  async (t) => {
    const bench = await createInstallBench(t, 'systemd');
    if (bench === undefined) return;
    await bench.install();
    const { host } = bench.options;
    await host.run?.(['systemctl', '--user', 'stop', `${LABEL}.socket`, `${LABEL}.service`]);
    t.is((await status(bench.options)).state, 'disabled');
    t.is((await start(bench.options)).outcome, 'started');
  },
);
