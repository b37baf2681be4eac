/** Jobs of other programs that have the label: none is replaced, stopped or disabled, wherever it comes from. */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { dryRun } from '../../../src/install/dry-run.ts';
import { uninstall } from '../../../src/install/uninstall.ts';
import type { LaunchpoolError } from '../../../wire/errors.ts';
import { createInstallBench, type InstallBench, LABEL } from '../../helpers/install-bench.ts';

const TAKEN = { code: 'ERR_LAUNCHPOOL_INSTALL_FAILED' };
const [SERVICE, SOCKET] = [`${LABEL}.service`, `${LABEL}.socket`];
const SOCKET_UNIT = '[Socket]\nListenStream=%t/other.sock\n';
const SERVICE_UNIT = '[Service]\nExecStart=/bin/sleep 600\n';

async function writeUnits(folder: string, units: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, text] of Object.entries(units)) await writeFile(join(folder, name), text);
}

/** Expects that the label is refused with the path of the other unit, and that nothing changes. */
async function expectTaken(t: ExecutionContext, bench: InstallBench, path: string): Promise<void> {
  const before = bench.traces();
  for (const acting of [() => bench.install(), () => dryRun(bench.options)]) {
    const error = await t.throwsAsync<LaunchpoolError>(acting(), TAKEN);
    t.true(error?.message.includes(path), error?.message);
    t.regex(error?.hint ?? '', /another label/);
  }
  t.is((await uninstall(bench.options)).outcome, 'not-installed');
  t.deepEqual(bench.traces(), before);
}

test.serial(
  'systemd: units of the user data folder, aliases, transient and masked units are named and refused',
  async (t) => {
    const bench = await createInstallBench(t, 'systemd');
    if (bench === undefined) return;
    const run = bench.options.host.run as NonNullable<typeof bench.options.host.run>;
    const runtime = bench.options.host.env?.XDG_RUNTIME_DIR ?? '';
    const data = join(bench.home, '.local', 'share', 'systemd', 'user');
    const must = async (...args: string[]): Promise<void> => {
      const { status, stderr } = await run(args as [string, ...string[]]);
      t.is(status, 0, stderr);
    };

    await writeUnits(data, { [SOCKET]: SOCKET_UNIT, [SERVICE]: SERVICE_UNIT });
    await must('systemctl', '--user', 'daemon-reload');
    await must('systemctl', '--user', 'start', SOCKET);
    await expectTaken(t, bench, join(data, SERVICE));
    t.is((await run(['systemctl', '--user', 'is-active', SOCKET])).stdout, 'active');
    await must('systemctl', '--user', 'stop', SOCKET);
    rmSync(join(data, SERVICE));
    await expectTaken(t, bench, join(data, SOCKET));

    rmSync(join(data, SOCKET));
    await writeUnits(data, { 'other.service': SERVICE_UNIT });
    await symlink('other.service', join(data, SERVICE));
    await expectTaken(t, bench, join(data, SERVICE));
    rmSync(data, { recursive: true });

    await must('systemctl', '--user', 'daemon-reload');
    await must('systemd-run', '--user', '--unit', SERVICE, '--service-type', 'exec', 'sleep', '600');
    await expectTaken(t, bench, join('systemd', 'transient', SERVICE));
    t.is((await run(['systemctl', '--user', 'is-active', SERVICE])).stdout, 'active');
    await must('systemctl', '--user', 'stop', SERVICE);

    await must('systemctl', '--user', 'mask', '--runtime', SOCKET);
    await expectTaken(t, bench, join(runtime, 'systemd', 'user', SOCKET));
    await must('systemctl', '--user', 'unmask', '--runtime', SOCKET);
    t.is((await bench.install()).outcome, 'installed');
  },
);

test.serial(
  'systemd: units with variables are readable for the user only, and uninstalling stops no unit of another program that has taken the names since',
  async (t) => {
    const bench = await createInstallBench(t, 'systemd');
    if (bench === undefined) return;
    const run = bench.options.host.run as NonNullable<typeof bench.options.host.run>;
    await bench.install({ env: { TOKEN: 'secret' } });
    const own = join(bench.home, '.config', 'systemd', 'user');
    const units = readdirSync(own).filter((name) => name.startsWith(LABEL));
    t.is(units.length, 3);
    // Values of --env may be secrets: systemd reads files of this mode.
    for (const path of [...units.map((name) => join(own, name)), bench.layout.record])
      t.is(statSync(path).mode & 0o777, 0o600);
    await run(['systemctl', '--user', 'stop', ...units]);
    for (const unit of units) rmSync(join(own, unit));
    const data = join(bench.home, '.local', 'share', 'systemd', 'user');
    await writeUnits(data, { [SOCKET]: SOCKET_UNIT, [SERVICE]: SERVICE_UNIT });
    await run(['systemctl', '--user', 'daemon-reload']);
    await run(['systemctl', '--user', 'start', SOCKET]);
    t.is((await uninstall(bench.options)).outcome, 'uninstalled');
    t.is((await run(['systemctl', '--user', 'is-active', SOCKET])).stdout, 'active');
    t.false(existsSync(join(own, 'sockets.target.wants', SOCKET)));
    t.false(existsSync(bench.layout.record));
  },
);

test.serial(
  'systemd: an agent with drop-ins of the user is installed, upgraded and uninstalled, and they stay',
  async (t) => {
    const bench = await createInstallBench(t, 'systemd');
    if (bench === undefined) return;
    const dropIn = join(bench.home, '.config', 'systemd', 'user', `${SERVICE}.d`, 'mine.conf');
    await writeUnits(dirname(dropIn), { 'mine.conf': '[Service]\nNice=5\n' });
    t.is((await bench.install()).outcome, 'installed');
    await bench.write('export const version = (): number => 2;');
    t.is((await bench.install()).outcome, 'upgraded');
    t.is((await uninstall(bench.options)).outcome, 'uninstalled');
    t.true(existsSync(dropIn));
  },
);
