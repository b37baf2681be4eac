/** Agents that are installed to serve on NATS: systemd keeps them running, and the verbs are those of any agent. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { doctor } from '../../../src/install/doctor/doctor.ts';
import { start } from '../../../src/install/start.ts';
import { stop } from '../../../src/install/stop.ts';
import { uninstall } from '../../../src/install/uninstall.ts';
import { upgrade } from '../../../src/install/upgrade.ts';
import type { NatsConnection } from '../../../src/nats/nats-types.ts';
import { startJetStream, taskClient } from '../../helpers/durable.ts';
import { createInstallBench, type InstallBench, LABEL, moduleOf } from '../../helpers/install-bench.ts';
import { NATS_PROJECT, natsConnection, startNatsServer } from '../../helpers/nats-server.ts';
import { declareWith } from '../../helpers/not-tested.ts';
import { askService, plainRequest, type ServiceInfo } from '../../helpers/served-agent.ts';
import { until } from '../../helpers/until.ts';

const testWithNats = declareWith(test.serial);

async function withPackages({ module }: InstallBench): Promise<void> {
  const folder = join(dirname(module), 'node_modules');
  await mkdir(folder);
  await symlink(join(dirname(NATS_PROJECT), 'node_modules', '@nats-io'), join(folder, '@nats-io'));
}

/** The instances, none of which is an error of the library. */
const instances = (nats: NatsConnection): Promise<ServiceInfo[]> => askService(nats, 'INFO', 'bench').catch(() => []);

async function oneInstance(nats: NatsConnection): Promise<ServiceInfo> {
  let found: ServiceInfo[] = [];
  await until(async () => {
    found = await instances(nats);
    return found.length === 1;
  });
  return found[0] as ServiceInfo;
}

testWithNats(
  'an installed service runs from the start on, comes back after a failure, and leaves nothing',
  async (t) => {
    const bench = await createInstallBench(t, 'systemd');
    if (bench === undefined) return;
    await withPackages(bench);
    const { url } = await startNatsServer(t);
    const nats = await natsConnection(t, url);
    const { label, host, supervisor } = bench.options;
    const on = { label, host, supervisor };
    t.is((await bench.install({ nats: url, serviceName: 'bench' })).outcome, 'installed');
    const wants = join(bench.home, '.config/systemd/user/default.target.wants', `${LABEL}.service`);
    t.true(existsSync(wants));
    const first = await oneInstance(nats);
    t.is((await plainRequest(nats, 'bench.version', '')).body, '1');
    t.deepEqual(
      (await doctor(on)).filter(({ severity }) => severity === 'problem'),
      [],
    );

    process.kill(Number(first.metadata.pid), 'SIGKILL');
    await until(async () => (await instances(nats)).some(({ id }) => id !== first.id));
    await bench.write(moduleOf(2));
    t.is((await upgrade(on)).outcome, 'upgraded');
    await oneInstance(nats);
    t.is((await plainRequest(nats, 'bench.version', '')).body, '2');

    t.is((await stop(on)).outcome, 'stopped');
    await until(async () => (await instances(nats)).length === 0);
    t.false(existsSync(wants));
    t.is((await start(on)).outcome, 'started');
    await oneInstance(nats);
    t.true(existsSync(wants));

    t.is((await bench.install({})).outcome, 'upgraded');
    t.false(existsSync(wants));
    await until(async () => (await instances(nats)).length === 0);
    await uninstall(on);
    t.deepEqual(bench.traces(), []);
  },
);

testWithNats('an installed durable service takes calls for later, and needs no package of the project', async (t) => {
  const bench = await createInstallBench(t, 'systemd');
  if (bench === undefined) return;
  await withPackages(bench);
  const { url } = await startJetStream(t);
  const { label, host, supervisor } = bench.options;
  const options = { nats: url, serviceName: 'bench', durable: true, maxDeliveries: 3, retryDelay: '500ms' };
  t.is((await bench.install(options)).outcome, 'installed');
  await rm(join(dirname(bench.module), 'node_modules'), { recursive: true });
  const unit = await readFile(join(bench.home, '.config/systemd/user', `${LABEL}.service`), 'utf8');
  t.regex(unit, /--durable.*--max-deliveries.*3.*--retry-delay.*500ms/);
  await oneInstance(await natsConnection(t, url));
  const client = await taskClient(t, url, 'bench');
  const { id } = await client.enqueue('version', []);
  t.deepEqual(await client.result(id, { wait: true }), { outcome: 'result', result: 1, deliveries: 1 });
  await uninstall({ label, host, supervisor });
});

async function fails(
  t: ExecutionContext,
  bench: InstallBench,
  options: Parameters<InstallBench['install']>[0],
  code: string,
  message: RegExp,
): Promise<void> {
  const before = bench.traces();
  const error = await bench.failure(t, options);
  t.is(error.code, code);
  t.regex(error.message, message);
  t.notRegex(`${error.message} ${error.hint}`, /s3cret/);
  t.deepEqual(bench.traces(), before);
}

test('an installation on NATS that cannot be is refused', async (t) => {
  const bench = await createInstallBench(t, 'embedded');
  if (bench === undefined) return;
  await fails(t, bench, { nats: 'nats://host' }, 'ERR_LAUNCHPOOL_OPTION_INVALID', /under embedded cannot serve/);
});

testWithNats('what is wrong with the options of NATS is said before anything is written', async (t) => {
  const bench = await createInstallBench(t, 'systemd');
  if (bench === undefined) return;
  const invalid = 'ERR_LAUNCHPOOL_OPTION_INVALID';
  await fails(t, bench, { nats: 'nats://host' }, 'ERR_LAUNCHPOOL_NATS_MISSING', /not installed/);
  await withPackages(bench);
  await fails(t, bench, { nats: 'nats://joe:s3cret@host' }, invalid, /the URL has credentials/);
  await fails(t, bench, { nats: 'host' }, 'ERR_LAUNCHPOOL_ADDRESS_INVALID', /not an address/);
  await fails(t, bench, { queue: 'x' }, invalid, /--nats is missing/);
  await fails(t, bench, { durable: true }, invalid, /--nats is missing/);
  const nats = 'nats://host';
  await fails(t, bench, { nats, maxDeliveries: 3 }, invalid, /--durable is missing/);
  await fails(t, bench, { nats, durable: true, maxDeliveries: 0 }, invalid, /--max-deliveries 0/);
  await fails(t, bench, { nats, durable: true, keepResults: 'long' }, invalid, /--keep-results long/);
});

testWithNats('an agent that is not on NATS has nothing of it', async (t) => {
  const bench = await createInstallBench(t, 'systemd');
  if (bench === undefined) return;
  const natsFiles = (): string[] => bench.traces().filter((path) => /nats/.test(path));
  await bench.install();
  t.deepEqual(natsFiles(), []);
  const unit = join(bench.home, '.config/systemd/user', `${LABEL}.service`);
  t.notRegex(await readFile(unit, 'utf8'), /Restart|WantedBy/);
});
